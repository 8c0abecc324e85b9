package nn

import (
	"math"

	"github.com/mlxgen/mlxgen/runtime/contract"
)

// plainInverse is theta^(−2i/dims) for each pair i.
func plainInverse(p *contract.Rope) []float64 {
	inverse := make([]float64, p.Dims/2)
	for i := range inverse {
		inverse[i] = math.Pow(p.Theta, -2*float64(i)/float64(p.Dims))
	}
	return inverse
}

// fixedInverse is the inverse frequencies of a plan that does not depend on a row's length.
func fixedInverse(p *contract.Rope) []float64 {
	inverse := plainInverse(p)
	switch p.Kind {
	case "linear":
		for i := range inverse {
			inverse[i] /= p.Factor
		}
	case "llama3":
		for i := range inverse {
			inverse[i] = llama3Inverse(p, inverse[i])
		}
	case "yarn":
		yarnInverse(p, inverse)
	case "proportional":
		// Only the first pairs turn; the exponents keep the full width, so that the pairs stay (i, i+Dims/2).
		for i := range inverse {
			inverse[i] /= p.Factor
		}
		for i := p.TurnedPairs; i < len(inverse); i++ {
			inverse[i] = 0
		}
	}
	return inverse
}

// llama3Inverse keeps short wavelengths, divides long ones by the factor, and blends between.
//
// Source: Llama 3.1's rope scaling.
func llama3Inverse(p *contract.Rope, inverse float64) float64 {
	wavelength := 2 * math.Pi / inverse
	original := float64(p.OriginalMax)
	switch {
	case wavelength < original/p.HighFreq:
		return inverse
	case wavelength > original/p.LowFreq:
		return inverse / p.Factor
	}
	smooth := (original/wavelength - p.LowFreq) / (p.HighFreq - p.LowFreq)
	return (1-smooth)*inverse/p.Factor + smooth*inverse
}

// yarnInverse blends interpolated and extrapolated frequencies over a ramp of the pairs.
//
// Source: Peng et al., "YaRN" (2023).
func yarnInverse(p *contract.Rope, inverse []float64) {
	pairOf := func(turns float64) float64 { // the pair that makes so many turns within the original length
		return float64(p.Dims) * math.Log(float64(p.OriginalMax)/(turns*2*math.Pi)) / (2 * math.Log(p.Theta))
	}
	low, high := pairOf(p.BetaFast), pairOf(p.BetaSlow)
	if p.Truncate {
		low, high = math.Floor(low), math.Ceil(high)
	}
	low, high = max(low, 0), min(high, float64(p.Dims-1))
	if low == high {
		high += 0.001
	}
	for i := range inverse {
		ramp := min(max((float64(i)-low)/(high-low), 0), 1)
		inverse[i] = inverse[i]*(1-ramp) + inverse[i]/p.Factor*ramp
	}
}

// longropeInverse divides each frequency by its own factor.
//
// Source: Ding et al., "LongRoPE" (2024).
func longropeInverse(p *contract.Rope, factors []float64) []float64 {
	inverse := plainInverse(p)
	for i := range inverse {
		inverse[i] /= factors[i]
	}
	return inverse
}

// attentionFactor multiplies cos and sin, so that scores grow by its square.
func attentionFactor(p *contract.Rope) float64 {
	switch {
	case p.AttentionFactor != 0:
		return p.AttentionFactor
	case p.Kind == "yarn" && p.MScale != 0 && p.MScaleAllDim != 0:
		return yarnScale(p.Factor, p.MScale) / yarnScale(p.Factor, p.MScaleAllDim)
	case p.Kind == "yarn":
		return yarnScale(p.Factor, 1)
	case p.Kind == "longrope" && p.Factor > 1:
		return math.Sqrt(1 + math.Log(p.Factor)/math.Log(float64(p.OriginalMax)))
	}
	return 1
}

func yarnScale(factor, mscale float64) float64 {
	if factor <= 1 {
		return 1
	}
	return 0.1*mscale*math.Log(factor) + 1
}

// narrow rounds to float32.
func narrow(values []float64) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}
