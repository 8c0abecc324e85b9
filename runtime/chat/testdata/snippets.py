"""The templates whose renderings generate.py records."""

DATA = {
    "s": "Hello, World",
    "e": "",
    "u": "é 東京 😀 naïve ß",
    "ws": "  \t a  b c \n ",
    "n": 42,
    "neg": -7,
    "f": 2.5,
    "big": 1e16,
    "small": 0.00001,
    "t": True,
    "no": False,
    "null": None,
    "xs": [3, 1, 2],
    "words": ["pear", "Apple", "fig", "apple"],
    "mixed": [1, "a", None, 2.0, True, [1], {"k": "v"}],
    "d": {"b": 1, "a": [1, 2.5, None, True], "items": "shadow", "q'\"": "x\ny"},
    "people": [
        {"name": "Zoe", "age": 30, "tags": ["x"], "job": {"title": "b"}},
        {"name": "adam", "age": 25, "tags": [], "job": {"title": "a"}},
        {"name": "Bob", "age": 30, "tags": ["y", "z"], "job": {"title": "c"}},
    ],
    "nested": {"a": {"b": {"c": [10, 20, 30]}}},
    "html": "<a href='x'>&\"</a>",
}

SNIPPETS = [
    # Literals and printing.
    "{{ 1 }}|{{ 1.0 }}|{{ 1e3 }}|{{ 1_000 }}|{{ 0x1f }}|{{ 0b101 }}|{{ 0o17 }}|{{ 1.5e-7 }}|{{ 2e16 }}",
    "{{ big }}|{{ small }}|{{ [big, small, 0.1 + 0.2] }}|{{ 1e22 }}|{{ 123456789012345678 }}",
    "{{ true }}{{ True }}{{ false }}{{ False }}{{ none }}{{ None }}",
    "{{ 'a' 'b' \"c\" }}{{ 'it\\'s' }}{{ \"q\\\"\" }}{{ '\\x41\\u00e9\\n\\t|' }}{{ '\\q' }}",
    "{{ xs }}{{ mixed }}{{ d }}",
    "{{ [] }}{{ {} }}{{ () }}{{ (1,) }}{{ (1, 2) }}{{ [[]] }}{{ 1, 2 }}",
    "{{ ['it\\'s', \"a\\\"b\", 'both\\'\"', 'tab\\t', '\\x00\\x7f\\u200b', 'é東😀'] }}",
    "{{ {'a': 1, 2: 'b', none: true, 1.5: [], (1, 2): 'x'} }}",
    "{{ missing }}|{{ [missing] }}|{{ missing ~ 'x' }}|{{ missing is defined }}",
    "{{ null }}|{{ null ~ '' }}|{{ [null] }}",
    "{{ {'a': 1, 'b': 2, 'a': 3} }}",
    "{{ {1: 'a', 1.0: 'b', true: 'c'} }}",
    # Arithmetic.
    "{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 // -2 }} {{ 7.5 // 2 }} {{ -7.5 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ -7.5 % 2 }} {{ 7.5 % -2 }}",
    "{{ 7 / 2 }} {{ 6 / 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 2.0 ** 0.5 }}",
    "{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ 10 - 3 - 2 }} {{ 100 / 10 / 2 }} {{ 2 * 3 % 4 }}",
    "{{ true + 1 }} {{ true * 3 }} {{ -true }} {{ +true }} {{ 1 + 1.0 }}",
    "{{ 'a' * 3 }} {{ 3 * 'ab' }} {{ [1] * 2 }} {{ (1, 2) * 2 }} {{ 'a' * -1 }}|",
    "{{ 'a' + 'b' }} {{ [1] + [2] }} {{ (1,) + (2,) }}",
    "{{ 1 ~ 2 ~ 'x' ~ none ~ true ~ [1] ~ 1.0 }}",
    "{{ 'a' ~ 1 + 2 }}",
    "{{ 1 + 2 ~ 'x' }}",
    "{{ +n }} {{ +neg }} {{ -neg }} {{ - -n }} {{ -n|abs }} {{ +f }} {{ -f }}",
    "{{ '%s is %d' % ('n', 42) }} {{ '%05.1f' % 3.14159 }} {{ '%s' % 'x' }} {{ '%(a)s-%(b)s' % {'a': 1, 'b': 2} }} {{ '100%%' % () }}",
    "{{ '%x %X %o %e %g %c %r %5s|%-5s|' % (255, 255, 8, 12345.678, 0.0001, 'z', 'q', 'r', 'l') }}",
    "{{ 'x' + 1 }}",
    "{{ 1 + 'x' }}",
    "{{ [1] + (1,) }}",
    "{{ none + 1 }}",
    "{{ missing + 1 }}",
    "{{ -missing }}",
    "{{ +'x' }}",
    "{{ 1 // 0 }}",
    "{{ 1 % 0 }}",
    "{{ 'a' - 'b' }}",
    "{{ '%d' % 'x' }}",
    "{{ '%s %s' % ('a',) }}",
    "{{ '%s' % ('a', 'b') }}",
    # Comparisons.
    "{{ 1 == 1.0 }}{{ 1 == true }}{{ 0 == false }}{{ '1' == 1 }}{{ none == false }}{{ [] == () }}{{ [1, 2] == [1, 2] }}",
    "{{ {'a': 1, 'b': 2} == {'b': 2, 'a': 1} }}{{ {'a': 1} == {'a': 1.0} }}{{ missing == missing }}{{ missing == none }}{{ missing == '' }}",
    "{{ 1 < 2 < 3 }}{{ 1 < 3 < 2 }}{{ 3 > 2 >= 2 }}{{ 1 == 1 == 1 }}{{ 'a' < 'b' }}{{ [1, 2] < [1, 3] }}{{ (1,) < (1, 0) }}",
    "{{ 'a' in 'abc' }}{{ 'x' not in 'abc' }}{{ 1 in xs }}{{ 9 not in xs }}{{ 'b' in d }}{{ 1.0 in xs }}{{ '' in 'a' }}{{ none in [none] }}",
    "{{ 1 in (1, 2) in [true] }}{{ not 1 in xs }}{{ not (1 in xs) }}",
    "{{ missing in xs }}{{ 'a' in missing }}",
    "{{ 'a' < 1 }}",
    "{{ none < 1 }}",
    "{{ missing < 1 }}",
    "{{ 1 in 'abc' }}",
    "{{ 1 in 5 }}",
    "{{ 'a' in none }}",
    "{{ {} < {} }}",
    "{{ [] in {} }}",
    # Logic.
    "{{ 1 and 2 }}{{ 0 and 2 }}{{ '' or 'x' }}{{ none or [] }}{{ not '' }}{{ not [1] }}{{ 1 or missing.x }}",
    "{{ 'y' if t else 'n' }}{{ 'y' if no }}|{{ 'a' if no else 'b' if no else 'c' }}{{ ('a' if t else 'b') ~ 'c' }}{{ 'a' if t else 'b' ~ 'c' }}",
    "{{ t and no or t }}{{ not t == no }}{{ not t and no }}",
    "{{ (1 if t else 2) + 1 }}{{ [1 if t else 2, 3] }}{{ {'a': 1 if no else 2} }}",
    # Access.
    "{{ d.b }}{{ d['b'] }}{{ d.a[1] }}{{ d['items'] }}{{ nested.a.b.c[2] }}{{ nested['a']['b'].c.0 }}{{ xs[-1] }}{{ s[0] }}{{ s[-1] }}{{ u[2] }}",
    "{{ d.missing }}|{{ xs[10] }}|{{ xs['a'] }}|{{ s[100] }}|{{ n.x }}|{{ none.x }}|{{ s.x }}|{{ xs.x }}",
    "{{ d.items is defined }}{{ d.keys is defined }}{{ d.nope is defined }}{{ d.items is string }}{{ d['items'] is string }}",
    "{{ d[missing] }}|{{ d[none] }}|{{ d[1] }}",
    "{{ d.missing.x }}",
    "{{ missing.x }}",
    "{{ missing[0] }}",
    "{{ missing() }}",
    "{{ d.b() }}",
    "{{ d.nope() }}",
    "{{ s.nope() }}",
    "{{ s[:5] }}|{{ s[-5:] }}|{{ s[::2] }}|{{ s[::-1] }}|{{ s[1:-1:3] }}|{{ u[2:4] }}|{{ s[100:] }}|{{ s[5:2] }}|{{ s[-100:3] }}",
    "{{ xs[1:] }}{{ xs[::-1] }}{{ xs[:-1] }}{{ (1, 2, 3)[1:] }}{{ [1, 2, 3, 4][3:0:-1] }}{{ range(10)[2:4]|list }}",
    "{{ n[1:] }}",
    "{{ d[1:] }}",
    "{{ xs[::0] }}",
    "{{ (xs|map('string'))[0] }}|",
    "{{ (xs|map('string'))[1:] }}",
    # String methods.
    "{{ s.upper() }}{{ s.lower() }}{{ 'hELLO wORLD'.capitalize() }}{{ \"they're bill's\".title() }}{{ 'aB'.swapcase() }}{{ 'ß'.upper() }}",
    "[{{ ws.strip() }}][{{ ws.lstrip() }}][{{ ws.rstrip() }}][{{ 'xxaxx'.strip('x') }}][{{ 'abc'.lstrip('ba') }}][{{ '\\x1cq\\x1f'.strip() }}]",
    "{{ 'a,b,,c'.split(',') }}{{ 'a,b,,c'.split(',', 1) }}{{ 'a,b,,c'.rsplit(',', 1) }}{{ ws.split() }}{{ ' a b '.split(' ') }}{{ 'a b c'.split(none, 1) }}{{ 'a b c'.rsplit(maxsplit=1) }}{{ ''.split() }}{{ ''.split(',') }}",
    "{{ 'a\\nb\\r\\nc\\n'.splitlines() }}{{ 'a\\nb'.splitlines(true) }}{{ 'a-b-c'.partition('-') }}{{ 'a-b-c'.rpartition('-') }}{{ 'abc'.partition('x') }}{{ 'abc'.rpartition('x') }}",
    "{{ s.startswith('He') }}{{ s.startswith(('x', 'H')) }}{{ s.endswith('ld') }}{{ s.startswith('W', 7) }}{{ s.endswith('o', 0, 5) }}{{ s.startswith('') }}",
    "{{ s.find('o') }}{{ s.find('o', 5) }}{{ s.find('zz') }}{{ s.rfind('o') }}{{ s.index('W') }}{{ s.count('l') }}{{ 'aaa'.count('aa') }}{{ u.find('京') }}{{ 'abc'.count('') }}",
    "{{ s.replace('l', 'L') }}{{ s.replace('l', 'L', 1) }}{{ 'aa'.replace('', '-') }}{{ 'abc'.removeprefix('a') }}{{ 'abc'.removesuffix('bc') }}{{ 'abc'.removeprefix('x') }}",
    "{{ ','.join(['a', 'b']) }}{{ ''.join(d) }}{{ '-'.join('abc') }}{{ 'x'.join([]) }}",
    "[{{ 'ab'.center(7) }}][{{ 'ab'.center(5, '*') }}][{{ 'abc'.center(6, '*') }}][{{ 'a'.ljust(3, '.') }}][{{ 'a'.rjust(3) }}][{{ '42'.zfill(5) }}][{{ '-42'.zfill(5) }}][{{ 'a\\tb'.expandtabs(4) }}]",
    "{{ 'abc'.isalpha() }}{{ 'ab1'.isalnum() }}{{ '12'.isdigit() }}{{ '½'.isnumeric() }}{{ ''.isalpha() }}{{ ' '.isspace() }}{{ 'ab'.islower() }}{{ 'AB'.isupper() }}{{ 'Ab Cd'.istitle() }}{{ 'a'.isascii() }}{{ 'é'.isascii() }}{{ 'x1'.isidentifier() }}{{ 'a\\n'.isprintable() }}{{ '123'.isdecimal() }}",
    "{{ 'é東'.isalpha() }}{{ 'Éa'.isupper() }}{{ '1a'.islower() }}{{ 'ﬀ'.upper() }}{{ 'İ'.lower()|length }}",
    "{{ '{} {}'.format(1, 'a') }}{{ '{0} {1} {0}'.format('x', 'y') }}{{ '{a:>5}|{b:.2f}|{c:,}'.format(a='q', b=3.14159, c=1234567) }}{{ '{:05d}'.format(42) }}{{ '{:<4}|{:^5}|'.format('a', 'b') }}{{ '{{}}'.format() }}",
    "{{ ','.join([1]) }}",
    "{{ 'a'.split('') }}",
    "{{ 'a'.index('z') }}",
    "{{ 'a'.startswith(1) }}",
    "{{ 'a'.upper(1) }}",
    "{{ 'a'.replace('a') }}",
    # Methods of containers.
    "{{ d.keys() }}{{ d.values() }}{{ {'a': 1}.items() }}{{ d.keys()|list }}{{ d.get('b') }}{{ d.get('zz') }}{{ d.get('zz', 5) }}{{ d.keys()|length }}{{ {}.items()|length }}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}{% for k in d %}{{ k }},{% endfor %}{% for v in d.values() %}{{ v }},{% endfor %}",
    "{{ xs.index(1) }}{{ xs.count(3) }}{{ xs.copy() }}{{ d.copy() == d }}{{ (1, 2, 1).count(1) }}{{ (1, 2).index(2) }}",
    "{{ d.keys()[0] }}|{{ 'b' in d.keys() }}|{{ 1 in d.values() }}|{% if d.items() %}y{% endif %}{% if {}.keys() %}n{% endif %}",
    "{{ xs.append(1) }}",
    "{{ xs.pop() }}",
    "{{ xs.sort() }}",
    "{{ d.update({}) }}",
    "{{ d.pop('b') }}",
    "{{ d.setdefault('b', 1) }}",
    "{{ d.items()[0:1] }}",
    "{{ d.keys() + [1] }}",
    "{{ xs.index(99) }}",
    "{{ d.items()|tojson }}",
    # Filters on sequences.
    "{{ xs|sort }}{{ xs|sort(reverse=true) }}{{ xs|sort(true) }}{{ words|sort }}{{ words|sort(case_sensitive=true) }}{{ people|sort(attribute='age')|map(attribute='name')|list }}{{ people|sort(attribute='age', reverse=true)|map(attribute='name')|join(',') }}",
    "{{ people|sort(attribute='job.title')|map(attribute='name')|join }}{{ people|sort(attribute='age,name')|map(attribute='name')|join(' ') }}{{ d|sort }}{{ 'hello'|sort }}{{ [missing, missing]|sort }}",
    "{{ xs|first }}{{ xs|last }}{{ []|first }}|{{ ''|first }}|{{ 'abc'|first }}{{ 'abc'|last }}{{ xs|min }}{{ xs|max }}{{ words|min }}{{ words|max }}{{ []|max }}|{{ people|max(attribute='age') }}",
    "{{ xs|length }}{{ s|length }}{{ u|length }}{{ d|length }}{{ missing|length }}{{ xs|count }}{{ range(5)|length }}",
    "{{ xs|sum }}{{ people|sum(attribute='age') }}{{ xs|sum(start=10) }}{{ [0.1, 0.2]|sum }}{{ []|sum }}",
    "{{ xs|join }}|{{ xs|join(', ') }}|{{ people|join(', ', attribute='name') }}|{{ mixed|join('/') }}|{{ d|join }}|{{ 'abc'|join('-') }}|{{ missing|join }}",
    "{{ xs|reverse|list }}{{ 'abc'|reverse }}{{ (1, 2)|reverse|list }}{{ d|reverse|list }}",
    "{{ xs|map('string')|list }}{{ words|map('upper')|join(' ') }}{{ people|map(attribute='zip', default='?')|list }}{{ people|map(attribute='job.title')|list }}{{ [[1, 2], [3, 4]]|map(attribute=1)|list }}{{ [1.7, '2']|map('int')|list }}{{ ['a-b']|map('replace', '-', '+')|first }}",
    "{{ xs|select('odd')|list }}{{ xs|reject('odd')|list }}{{ [0, 1, '', 'a', none]|select|list }}{{ [0, 1]|reject|list }}{{ xs|select('gt', 1)|list }}{{ xs|select('in', [1, 2])|list }}{{ [1, 'a']|select('string')|list }}",
    "{{ people|selectattr('tags')|map(attribute='name')|list }}{{ people|rejectattr('tags')|map(attribute='name')|list }}{{ people|selectattr('age', 'equalto', 30)|list|length }}{{ people|selectattr('job.title', '==', 'a')|map(attribute='name')|first }}{{ people|selectattr('nope', 'defined')|list }}{{ people|rejectattr('nope', 'defined')|list|length }}",
    "{{ [1, 2, 1, 'a', 'A']|unique|list }}{{ ['a', 'A']|unique(case_sensitive=true)|list }}{{ people|unique(attribute='age')|map(attribute='name')|list }}",
    "{% for age, group in people|groupby('age') %}{{ age }}:{{ group|map(attribute='name')|join(',') }};{% endfor %}{% for g in people|groupby('age') %}{{ g.grouper }}{{ g.list|length }}{% endfor %}{{ [1, 1]|groupby('x', default='d')|list|length }}",
    "{{ [1, 2, 3, 4, 5]|batch(2)|list }}{{ [1, 2, 3]|batch(2, 'x')|list }}{{ [1, 2, 3, 4, 5]|slice(2)|list }}{{ [1, 2, 3, 4, 5]|slice(3, 'x')|list }}",
    "{{ {'b': 1, 'A': 2, 'c': 0}|dictsort }}{{ {'b': 1, 'A': 2}|dictsort(true) }}{{ {'b': 1, 'a': 2}|dictsort(by='value') }}{{ {'b': 1, 'a': 2}|dictsort(false, 'key', true) }}",
    "{{ d|items|list }}{{ missing|items|list }}{{ d|list }}{{ 'abc'|list }}{{ (1, 2)|list }}{{ range(3)|list }}{{ range(3) }}{{ range(1, 9, 3) }}{{ range(5, 0, -2)|list }}",
    "{% set g = xs|select('odd') %}{{ g|list }}{{ g|list }}",
    "{% set g = xs|map('string') %}{% for x in g %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% endfor %}{% if g %}still true{% endif %}",
    "{% set g = xs|select %}{{ g|first }}{{ g|first }}{{ g|first }}{{ g|first is defined }}",
    "{{ xs|map('string')|length }}",
    "{{ xs|select|last }}",
    "{{ (xs|select) + [1] }}",
    "{{ xs|select|tojson }}",
    "{{ mixed|sort }}",
    "{{ [1, 'a']|min }}",
    "{{ 5|list }}",
    "{{ none|length }}",
    "{{ 5|length }}",
    "{{ none|join }}",
    "{{ none|first }}",
    "{{ xs|items|list }}",
    "{{ xs|map|list }}",
    "{{ xs|map('nope')|list }}",
    "{{ xs|select('nope')|list }}",
    "{{ xs|nope }}",
    "{{ xs is nope }}",
    "{{ xs|dictsort }}",
    "{{ ['a', 'b']|sum }}",
    "{{ people|sum(attribute='name') }}",
    "{{ [[1], [1]]|unique|list }}",
    "{{ range(200000)|length }}",
    "{{ [1]|map(attribute='x.y')|list }}",
    # Filters on text and numbers.
    "{{ missing|default('x') }}{{ e|default('x') }}|{{ e|default('x', true) }}{{ e|default('x', boolean=true) }}{{ none|default('x') }}{{ none|d('x', true) }}{{ missing|default }}|{{ missing|default(default_value='q') }}{{ missing.x|default('y') if no else 'z' }}",
    "{{ s|upper }}{{ s|lower }}{{ 'aB c'|capitalize }}{{ 'foo-bar (baz) it\\'s'|title }}{{ 5|upper }}{{ none|upper }}{{ missing|upper }}|{{ 1.0|string }}{{ xs|string }}{{ none|string }}",
    "[{{ ws|trim }}][{{ 'xxaxx'|trim('x') }}][{{ 5|trim }}][{{ missing|trim }}][{{ none|trim }}]",
    "{{ s|replace('l', 'L') }}{{ s|replace('l', 'L', 1) }}{{ 5|replace(5, 6) }}{{ missing|replace('a', 'b') }}|{{ 'aa'|replace('a', 1) }}",
    "{{ 'a\\nb\\n\\nc'|indent }}|{{ 'a\\nb\\n\\nc'|indent(2, true) }}|{{ 'a\\nb\\n\\nc'|indent(2, blank=true) }}|{{ 'a\\nb\\n'|indent(width='>>') }}|{{ ''|indent }}|{{ 'a\\n'|indent(first=true) }}|",
    "{{ '42'|int }}{{ ' 42 '|int }}{{ '4.7'|int }}{{ 'x'|int }}{{ 'x'|int(-1) }}{{ 4.7|int }}{{ -4.7|int }}{{ true|int }}{{ none|int }}{{ '0x1f'|int(base=16) }}{{ '1f'|int(0, 16) }}{{ '1_000'|int }}{{ '101'|int(base=2) }}{{ ''|int }}{{ '1e3'|int }}{{ [1]|int(7) }}",
    "{{ '1.5'|float }}{{ 'x'|float }}{{ 'x'|float(2) }}{{ 3|float }}{{ none|float }}{{ 'inf'|float }}{{ 'nan'|float }}{{ '1e400'|float }}{{ true|float }}",
    "{{ 2.5|round }}{{ 3.5|round }}{{ 2.675|round(2) }}{{ 5|round }}{{ 1234|round(-2) }}{{ 1250|round(-2) }}{{ 2.1|round(0, 'ceil') }}{{ 2.9|round(method='floor') }}{{ 1.005|round(2) }}{{ 42.55|round(1) }}{{ -0.5|round }}{{ 1e300|round(2) }}",
    "{{ -5|abs }}{{ (-5)|abs }}{{ -2.5|abs }}{{ true|abs }}",
    "{{ 'a b  c'|wordcount }}{{ 'hello world foo'|truncate(11) }}{{ 'hello world foo'|truncate(9, leeway=0) }}{{ 'hello world'|truncate(8, true, leeway=0) }}{{ 'hello world'|truncate(8, end='!', leeway=0) }}{{ 'short'|truncate }}",
    "[{{ 'a'|center(5) }}]{{ '%s-%s'|format('a', 1) }}{{ '%(x)s'|format(x=2) }}{{ 'a b/é?'|urlencode }}{{ {'a': 1, 'b c': 'é'}|urlencode }}{{ [('x', 'y z')]|urlencode }}",
    "{{ html|escape }}{{ html|e }}{{ html|safe }}{{ 5|e }}{{ html|forceescape }}",
    "{{ xs|pprint }}{{ d|attr('b') }}|{{ xs|attr('x') }}|",
    "{{ missing|int }}",
    "{{ missing|float }}",
    "{{ 'x'|abs }}",
    "{{ 'x'|round }}",
    "{{ none|abs }}",
    "{{ 'inf'|float|int }}",
    "{{ s|upper(1) }}",
    "{{ s|replace('a') }}",
    "{{ s|default(1, 2, 3) }}",
    "{{ s|trim(foo=1) }}",
    # tojson.
    "{{ d|tojson }}{{ mixed|tojson }}{{ u|tojson }}{{ html|tojson }}{{ none|tojson }}{{ 1.0|tojson }}{{ big|tojson }}{{ small|tojson }}{{ true|tojson }}{{ (1, 2)|tojson }}{{ []|tojson }}{{ {}|tojson }}{{ '\\x00\\x1f\\x7f\\u2028\\\\'|tojson }}",
    "{{ d|tojson(indent=2) }}{{ {'a': [], 'b': {}, 'c': [{'d': 1}]}|tojson(indent=4) }}{{ [1, 2]|tojson(indent=0) }}{{ [1]|tojson(indent='--') }}",
    "{{ d|tojson(separators=(',', ':')) }}{{ [1, {'a': 2}]|tojson(indent=1, separators=(';', '=')) }}{{ {'b': 1, 'a': {'d': 1, 'c': 2}}|tojson(sort_keys=true) }}{{ u|tojson(ensure_ascii=true) }}{{ u|tojson(true) }}{{ {1: 2, none: 3, true: 4, 1.5: 5}|tojson }}",
    "{{ ('inf'|float, 'nan'|float)|tojson }}{{ people|tojson }}",
    "{{ missing|tojson }}",
    "{{ [missing]|tojson }}",
    "{{ {(1, 2): 3}|tojson }}",
    "{{ range(3)|tojson }}",
    # Tests.
    "{{ s is string }}{{ n is number }}{{ t is number }}{{ n is integer }}{{ t is integer }}{{ f is float }}{{ n is float }}{{ t is boolean }}{{ 1 is boolean }}{{ null is none }}{{ missing is none }}",
    "{{ xs is sequence }}{{ s is sequence }}{{ d is sequence }}{{ (1,) is sequence }}{{ n is sequence }}{{ xs is iterable }}{{ s is iterable }}{{ n is iterable }}{{ missing is iterable }}{{ missing is sequence }}{{ d is mapping }}{{ xs is mapping }}{{ d.keys() is sequence }}{{ d.keys() is iterable }}{{ (xs|select) is iterable }}{{ (xs|select) is sequence }}",
    "{{ 3 is odd }}{{ 4 is even }}{{ 9 is divisibleby 3 }}{{ 9 is divisibleby(2) }}{{ 1 is eq 1 }}{{ 1 is ne 2 }}{{ 1 is lt 2 }}{{ 2 is ge 2 }}{{ 1 is in [1] }}{{ 'a' is lower }}{{ 'A' is upper }}{{ none is sameas none }}{{ 1 is sameas true }}{{ true is true }}{{ false is false }}{{ 1 is true }}",
    "{{ missing is not defined }}{{ n is not none }}{{ not n is none }}{{ n is defined and n is number }}{{ range is callable }}{{ s is callable }}{{ missing is undefined }}{{ 'upper' is filter }}{{ 'nope' is filter }}{{ 'odd' is test }}",
    "{{ 'a' if n is defined else 'b' }}{{ 1 if missing is defined and missing.x else 2 }}{{ n is none or n == 42 }}",
    "{{ 'a' is odd }}",
    "{{ 1 is divisibleby 0 }}",
    "{{ n is defined is none }}",
    # Statements.
    "{% for x in xs %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.cycle('a', 'b') }}|{% endfor %}",
    "{% for x in xs %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }}{{ loop.changed(x) }} {% endfor %}",
    "{% for c in 'héy' %}{{ c }}{{ loop.index }}/{{ loop.length }} {% endfor %}",
    "{% for x in [] %}{{ x }}{% else %}none{% endfor %}{% for x in missing %}{{ x }}{% else %}none{% endfor %}{% for x in xs if x > 1 %}{{ x }}{{ loop.length }}{% else %}none{% endfor %}{% for x in xs if x > 9 %}{% else %}none{% endfor %}",
    "{% for a, b in [(1, 2), [3, 4]] %}{{ a }}{{ b }}{% endfor %}{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}{% for k, v in {'x': 1}|dictsort %}{{ k }}{{ v }}{% endfor %}",
    "{% for x in xs %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% if x == 2 %}{% break %}{% endif %}{% endfor %}",
    "{% for x in range(3) %}{% for y in range(2) %}{{ loop.index }}{{ loop.depth }}{% endfor %};{% endfor %}",
    "{% for x in [{'c': [{'c': []}]}] recursive %}<{{ loop.depth }}{{ loop(x.c) }}>{% endfor %}",
    "{% set x = 1 %}{% for i in range(3) %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}",
    "{% set ns = namespace(x=1, y='a') %}{% for i in range(3) %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}{{ ns.y }}{{ ns.z }}|{{ ns['x'] }}{{ ns.z is defined }}",
    "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}{% set ns.items = [1] %}{{ ns.items }}{% set ns.items = ns.items + [2] %}{{ ns.items }}",
    "{% if no %}a{% elif n == 42 %}b{% else %}c{% endif %}{% if missing %}a{% else %}b{% endif %}{% if xs and d %}y{% endif %}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set (a, b) = (b, a) %}{{ a }}{{ b }}{% set t = 1, 2 %}{{ t }}{% set x %}block {{ n }}{% endset %}[{{ x }}]{% set y | upper %}abc{% endset %}{{ y }}",
    "{% macro m(a, b=2, c='x') %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(a=5, c='q') }}{{ m() }}{{ m(*[7, 8]) }}{{ m(**{'a': 9}) }}",
    "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(4) }}",
    "{% macro w(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call w('b') %}in{% endcall %}",
    "{% macro l(xs) %}{% for x in xs %}{{ caller(x) }}{% endfor %}{% endmacro %}{% call(x) l([1, 2]) %}({{ x }}){% endcall %}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{% set r = m('x') %}{{ r|upper }}{{ m }}{{ m.name }}",
    "{% with a=1, b=2 %}{{ a + b }}{% endwith %}{{ a }}|{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q }}",
    "{% filter upper %}abc {{ s }}{% endfilter %}{% filter replace('a', 'b') | upper %}banana{% endfilter %}",
    "{% generation %}{% set z = 1 %}a{{ z }}{% endgeneration %}{{ z }}|",
    "{% raw %}{{ x }}{% if %}{% endraw %}{# comment {{ x }} #}{{ '{{' }}{{ '%}' }}",
    "{{ raise_exception('boom: ' ~ s) }}",
    "{% if messages is not defined %}{{ raise_exception('no messages') }}{% endif %}",
    "{{ strftime_now('%Y-%m-%d %H:%M:%S %a %A %b %B %j %y %I %p %-d %e') }}",
    "{{ dict(a=1, b=2) }}{{ dict([('x', 1)]) }}{{ dict({'a': 1}, b=2) }}{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{% set j = joiner('|') %}{{ j() }}{{ j() }}",
    "{% set if = 2 %}{{ if }}{% if if == 2 %}{{ if + if }}{% endif %}{% set not_ = 4 %}{{ not_ }}",
    "{% for x in 5 %}{% endfor %}",
    "{% for x in none %}{% endfor %}",
    "{% for a, b in [1] %}{% endfor %}",
    "{% for a, b in [(1, 2, 3)] %}{% endfor %}",
    "{% set a, b = [1] %}",
    "{% set xs.a = 1 %}",
    "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(a) %}{% endmacro %}{{ m(b=2) }}",
    "{% if %}{% endif %}",
    "{% if x %}",
    "{{ x",
    "{% for x in xs %}",
    "{% endfor %}",
    "{% nope %}",
    "{{ 1 2 }}",
    "{{ }}",
    "{{ a b }}",
    "{% set 1 = 2 %}",
    "{% break %}",
    "{% include 'x' %}",
    "{{ 'a }}",
    "{# a",
    "{{ (1 }}",
    "{{ [1, }}",
    "{{ 1 + }}",
    "{{ a. }}",
    "{{ s|upper| }}",
    # White space.
    "  {% if t %}\n  a\n  {% endif %}\n  b",
    "a  {%- if t -%}  b  {%- endif -%}  c",
    "a\n{%- if t %}\n b\n{%- endif %}\n\nc",
    "  {%+ if t %}x{% endif +%}\ny",
    "{% if t +%}\nx{% endif %}",
    "a\n  {{ n }}\n  {{- n }}\n{{ n -}}\n  b\n",
    "a\n\n{# c #}\nb {#- d -#} e\n  {# f #}\ng",
    "{% for x in xs %}\n  {{ x }}\n{% endfor %}\n",
    "\n\n{{ n }}\n\n",
    "x\r\ny\r{{ n }}\r\n",
    "{{ n }}\n",
    "{%- set x = 1 -%}\n\n  {{ x }}\n  {%- set y = 2 %}\n{{ y }}",
    "\t{% if t %}\tx\t{% endif %}\t\n",
    "{% if t %}a{% endif %}   \n b",
    "{%- raw -%}\n  {{ x }}  \n{%- endraw -%}  z",
    "   {#- x -#}   \n   y",
    "{{- ' a ' -}}  b  {{- ' c ' }}",
    "{% set x\n  = 1 %}{{\n x\n }}{{ [1,\n2] }}",
    "a {% raw %}\n {{ x }} \n  {% endraw %}\nb {%- raw -%} \n{{ y }}\n {%+ endraw +%}\nc",
    "a\n  {%+ raw %}  x  {%- endraw -%}  \n y\n\n",
    "{% for x in xs %}{{ loop }}{% endfor %}{% with a=2, n=n, c=a %}{{ a }}{{ n }}{{ c }}{% endwith %}{{ self.x }}|",
    "{% for a, b in ['xy', ['p', 'q'], {'k': 1, 'l': 2}] %}{{ a }}{{ b }}{% endfor %}{% set a, b = 'xy' %}{{ a }}{{ b }}",
    "{% set a, b = namespace(x=1) %}",
    # Mixed.
    "{{ (xs|sort)[0] }}{{ 1 + xs|length }}{{ 2 + xs|sort|length }}{{ xs|map('string')|join('-')|upper|length }}",
    "{{ (d.a + [4])|length }}{{ not xs|length }}{{ xs|length > 2 and s|length > 2 }}{{ -xs[0]|abs }}{{ (-xs[0])|abs }}",
    "{{ s.split(', ')[1].lower().replace('w', 'W')[:3] ~ '!' }}{{ (s.split(', ')|last)[0] }}{{ {'a': {'b': [1, 2]}}['a'].b[-1] }}{{ {'x': 5}.x }}{{ [1, 2, 3][1] }}{{ 'abc'[1] }}{{ (1, 2)[0] }}",
    "{% set first = people|selectattr('age', 'lt', 30)|first %}{{ first.name }}{% set x = first.job %}{{ x.title }}{{ people[0].tags[0] }}{{ people[-1]['tags']|join }}",
    "{% set out = [] %}{% for p in people %}{% set out = out + [p.name] %}{% endfor %}{{ out }}",
    "{% set ns = namespace(out=[]) %}{% for p in people %}{% set ns.out = ns.out + [p.name|lower] %}{% endfor %}{{ ns.out|sort|join(',') }}{{ ns.out is sequence }}{{ ns.out == ['zoe', 'adam', 'bob'] }}",
    "{{ 'yes' if 'x' in people[0].tags else 'no' }}{{ 'x' in (people|map(attribute='name')|list) }}{{ 'Zoe' in people|map(attribute='name') }}",
    "{{ s|tojson|length }}{{ (s ~ u)|upper }}{{ [s, u]|map('length')|list }}{{ [s]|map('upper')|map('lower')|list }}",
    "{% macro show(v) %}{% if v is mapping %}{{ '{' }}{% for k, x in v|items %}{{ k }}:{{ show(x) }},{% endfor %}{{ '}' }}{% elif v is iterable and v is not string %}[{% for x in v %}{{ show(x) }},{% endfor %}]{% else %}{{ v }}{% endif %}{% endmacro %}{{ show(d) }}{{ show(nested) }}",
]

CHATS = {
    "turns": """{%- if messages[0].role == 'system' %}{% set system = messages[0].content %}{% set loop_messages = messages[1:] %}{% else %}{% set system = none %}{% set loop_messages = messages %}{% endif -%}
{{ bos_token }}{% if system is not none %}<<{{ system | trim }}>>
{% endif %}
{% for message in loop_messages %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('roles must alternate user/assistant/user/...') }}
    {%- endif %}
    {%- if message.role == 'user' %}
        {{- '[USER] ' + message.content | trim + ' [/USER]' }}
    {%- else %}
        {{- ' ' ~ message.content ~ eos_token }}
    {%- endif %}
{%- endfor %}
""",
    "tools": """{%- if tools %}
{{- '<|system|>\\n# Tools\\n' }}
{%- for tool in tools %}
{{- tool | tojson }}
{{- '\\n' if not loop.last }}
{%- endfor %}
{{- '<|end|>\\n' }}
{%- endif %}
{%- set ns = namespace(last=messages|length - 1, seen=false) %}
{%- for message in messages[::-1] %}
{%- set index = messages|length - 1 - loop.index0 %}
{%- if not ns.seen and message.role == 'user' and message.content is string %}{% set ns.seen = true %}{% set ns.last = index %}{% endif %}
{%- endfor %}
{%- for message in messages %}
{{- '<|' ~ message.role ~ '|>\\n' }}
{%- if message.content is string %}{{ message.content }}
{%- elif message.content is iterable %}
{%- for part in message.content %}{% if part.type == 'text' %}{{ part.text }}{% elif 'image' in part.type %}<image>{% else %}{{ raise_exception('unknown part ' + part.type) }}{% endif %}{% endfor %}
{%- endif %}
{%- if message.tool_calls is defined and message.tool_calls %}
{%- for call in message.tool_calls %}
{{- '<call>{"name": "' + call.function.name + '", "arguments": ' }}
{%- if call.function.arguments is string %}{{ call.function.arguments }}{% else %}{{ call.function.arguments | tojson }}{% endif %}
{{- '}</call>' }}
{%- endfor %}
{%- endif %}
{{- '<|end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% if enable_thinking is defined and enable_thinking is false %}<think>\\n\\n</think>{% endif %}{% endif %}
""",
    "thinking": """{% macro content(m) %}{% if m.content is string %}{{ m.content }}{% else %}{{ m.content | map(attribute='text') | join }}{% endif %}{% endmacro %}
{% for m in messages %}
{% generation %}
{% if m.role == 'assistant' %}
{% set reasoning = m.reasoning_content if m.reasoning_content is string else (m.content.split('</think>')[0].split('<think>')[-1].strip('\\n') if m.content is string and '</think>' in m.content else '') %}
<a>{% if loop.last and reasoning %}<think>{{ reasoning }}</think>{% endif %}{{ (m.content.split('</think>') | last).lstrip('\\n') if m.content is string else '' }}</a>
{%- else %}
<{{ m.role[0] }}>{{ content(m) }}</{{ m.role[0] }}>
{%- endif %}
{% endgeneration %}
{% endfor %}
Today is {{ strftime_now('%d %B %Y') }}.{{ ' Tools: ' ~ tools | map(attribute='function.name') | sort | join(', ') if tools else '' }}
""",
    "schema": """{% macro type(p) %}{% if p.enum is defined %}{{ p.enum | map('tojson') | join(' | ') }}{% elif p.type == 'array' %}{{ type(p['items']) }}[]{% elif p.type == 'object' %}{ {%- for k, v in p.properties.items() %}{{ k }}{{ '?' if k not in p.get('required', []) }}: {{ type(v) }}{{ ', ' if not loop.last }}{% endfor -%} }{% else %}{{ {'integer': 'int', 'number': 'float', 'string': 'str'}.get(p.type, p.type) }}{% endif %}{% endmacro %}
{% for tool in tools or [] %}
{%- set f = tool.function %}
// {{ f.description | default('none', true) }}
{{ f.name }}({% for name, p in f.parameters.properties | dictsort %}{{ name }}: {{ type(p) }}{% if p.default is defined %} = {{ p.default | tojson }}{% endif %}{% if not loop.last %}, {% endif %}{% endfor %})
{{ f | tojson(indent=2) }}
{% endfor %}
{% for m in messages if m.role != 'system' %}{{ loop.index }}. {{ m.role | title }}: {{ (m.content if m.content is string else m.content | tojson) | truncate(40) }}
{% endfor %}
""",
}

TOOL = {
    "type": "function",
    "function": {
        "name": "search",
        "description": "Search <the> \"web\" & more",
        "parameters": {
            "type": "object",
            "properties": {
                "query": {"type": "string", "description": "Was gesucht wird, 東京"},
                "limit": {"type": "integer", "default": 5},
                "kinds": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
                "range": {
                    "type": "object",
                    "properties": {"from": {"type": "number"}, "to": {"type": "number"}},
                    "required": ["from"],
                },
            },
            "required": ["query"],
        },
        "return": {"type": "string"},
    },
}

USER = {"role": "user", "content": " What is <5 & 6> \"times\" 'x'? "}
BASE = {"bos_token": "<s>", "eos_token": "</s>", "tools": None, "add_generation_prompt": True}

CONVERSATIONS = {
    "one turn": BASE | {"messages": [USER]},
    "system": BASE | {"messages": [{"role": "system", "content": "Be  kind.\n"}, USER]},
    "several turns": BASE
    | {
        "messages": [USER, {"role": "assistant", "content": "30x 🤖"}, {"role": "user", "content": "謝謝"}],
        "add_generation_prompt": False,
    },
    "thinking": BASE
    | {
        "messages": [
            USER,
            {"role": "assistant", "content": "<think>\nhm\n</think>\n\n30x"},
            USER,
            {"role": "assistant", "content": "ok", "reasoning_content": "well"},
        ],
        "enable_thinking": False,
    },
    "tools": BASE
    | {
        "tools": [TOOL],
        "messages": [
            USER,
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {"type": "function", "function": {"name": "search", "arguments": {"query": "x", "limit": 1.0}}}
                ],
            },
            {"role": "tool", "content": "{\"n\": 1}"},
        ],
    },
    "tools as text": BASE
    | {
        "tools": [TOOL, TOOL],
        "messages": [
            USER,
            {"role": "assistant", "tool_calls": [{"function": {"name": "search", "arguments": "{\"query\": \"x\"}"}}]},
        ],
    },
    "parts": BASE
    | {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]}]},
    "unknown part": BASE | {"messages": [{"role": "user", "content": [{"type": "smell", "text": "?"}]}]},
    "empty": BASE | {"messages": []},
    "ill ordered": BASE | {"messages": [{"role": "assistant", "content": "hi"}, {"role": "tool", "content": "x"}]},
}
