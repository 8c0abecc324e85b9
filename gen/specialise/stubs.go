package specialise

// stdStubs declares the part of the standard library that templates may use. Type-checking the real packages costs a hundred times more than all
// of the specialiser's own work, and the short list is at the same time the rule: what is not declared here is outside the templates' subset.
var stdStubs = map[string]string{
	"errors": `package errors

func New(text string) error
func Is(err, target error) bool
func As(err error, target any) bool
func Unwrap(err error) error
func Join(errs ...error) error
`,
	"fmt": `package fmt

type Stringer interface{ String() string }

func Sprintf(format string, a ...any) string
func Sprint(a ...any) string
func Sprintln(a ...any) string
func Errorf(format string, a ...any) error
`,
	"math": `package math

const (
	E       = 2.71828182845904523536028747135266249775724709369995957496696763
	Pi      = 3.14159265358979323846264338327950288419716939937510582097494459
	Sqrt2   = 1.41421356237309504880168872420969807856967187537694807317667974
	Ln2     = 0.693147180559945309417232121458176568075500134360255254120680009
	Log2E   = 1 / Ln2
	Ln10    = 2.30258509299404568401799145468436420760110148862877297603332790
	Log10E  = 1 / Ln10
	MaxFloat32 = 0x1p127 * (1 + (1 - 0x1p-23))
	MaxFloat64 = 0x1p1023 * (1 + (1 - 0x1p-52))
	MaxInt32   = 1<<31 - 1
	MinInt32   = -1 << 31
	MaxInt64   = 1<<63 - 1
	MinInt64   = -1 << 63
	MaxInt     = 1<<63 - 1
	MinInt     = -1 << 63
	MaxUint32  = 1<<32 - 1
)

func Abs(x float64) float64
func Ceil(x float64) float64
func Cos(x float64) float64
func Exp(x float64) float64
func Exp2(x float64) float64
func Floor(x float64) float64
func Inf(sign int) float64
func IsInf(f float64, sign int) bool
func IsNaN(f float64) bool
func Log(x float64) float64
func Log10(x float64) float64
func Log1p(x float64) float64
func Log2(x float64) float64
func Max(x, y float64) float64
func Min(x, y float64) float64
func Mod(x, y float64) float64
func NaN() float64
func Pow(x, y float64) float64
func Round(x float64) float64
func Sin(x float64) float64
func Sqrt(x float64) float64
func Tan(x float64) float64
func Tanh(x float64) float64
func Trunc(x float64) float64
`,
}
