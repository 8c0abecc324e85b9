package specialise

func (t *Templates) lint(r *report) {}
