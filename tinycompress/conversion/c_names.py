"""C names and comments from any file or tensor name.

Sources of the name lists: ISO/IEC 9899:2011 (6.4.1 keywords, clause 7 library) and ISO/IEC
14882:2020 ([lex.key] keywords, [lex.digraph] alternative tokens).
"""

from __future__ import annotations

import re
import unicodedata

from tinycompress.errors import ConfigError

MAX_NAME_CHARACTERS = 100


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEYWORDS = _words("""
    auto break case char const continue default do double else enum extern float for goto if inline
    int long register restrict return short signed sizeof static struct switch typedef union
    unsigned void volatile while

    alignas alignof and and_eq asm bitand bitor bool catch char8_t char16_t char32_t class co_await
    co_return co_yield compl concept consteval constexpr constinit const_cast decltype delete
    dynamic_cast explicit export false friend mutable namespace new noexcept not not_eq nullptr
    operator or or_eq private protected public reinterpret_cast requires static_assert static_cast
    template this thread_local throw true try typeid typename using virtual wchar_t xor xor_eq
""")
# A header of this name would hide the library's from every file that searches its directory.
_HEADERS = _words("""
    arduino assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal
    stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings tgmath
    threads time uchar unistd wchar wctype
""")
_MATH = _words("""
    acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs
    fdim floor fma fmax fmin fmod frexp gamma hypot ilogb ldexp lgamma llrint llround log log10
    log1p log2 logb lrint lround modf nan nearbyint nextafter nexttoward pow remainder remquo rint
    round scalbln scalbn significand sin sinh sqrt tan tanh tgamma trunc j0 j1 jn y0 y1 yn
    cabs cacos carg casin catan ccos cexp cimag clog conj cpow cproj creal csin csqrt ctan
""")
_LIBRARY = frozenset(name + suffix for name in _MATH for suffix in ("", "f", "l")) | _words("""
    abort abs alloca asctime atexit atof atoi atol atoll bcmp bcopy bsearch bzero calloc clock
    ctime difftime div environ exit fclose feof ferror fflush ffs fgetc fgets fopen fprintf fputc
    fputs fread free freopen fscanf fseek ftell fwrite getc getchar getenv gets gmtime index
    isalnum isalpha isascii isblank iscntrl isdigit isgraph islower isprint ispunct isspace isupper
    isxdigit labs ldiv link linux llabs lldiv localtime longjmp loop main malloc mblen memchr
    memcmp memcpy memmove memset mktime offsetof open perror pipe printf putc putchar puts qsort
    raise rand read realloc remove rename rewind rindex scanf select setbuf setup setvbuf signbit
    sleep snprintf sprintf srand sscanf stderr stdin stdout strcat strchr strcmp strcpy strcspn
    strdup strerror strlen strncat strncmp strncpy strpbrk strrchr strspn strstr strtod strtof
    strtok strtol strtoll strtoul system tmpfile tmpnam toascii tolower toupper ungetc unix unlink
    vprintf wait write
    int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t intptr_t uintptr_t intmax_t
    uintmax_t max_align_t nullptr_t ptrdiff_t size_t ssize_t time_t
""")
_TAKEN = _KEYWORDS | _HEADERS | _LIBRARY


def identifier(name: str) -> str:
    """A valid identifier, in C and C++, that resembles ``name``; the same for the same name.

    Accents are dropped, runs of other characters become one underscore, a leading digit gets
    ``model_`` before it, and ``_model`` follows a keyword, a name of the standard library, or a
    name whose header would hide one of the standard library's.

    Raises:
        ConfigError: No letter or digit is left, or the name is too long.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    made = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")
    if not made:
        raise ConfigError(
            f"no C identifier can be made of the name {name!r}: it needs ASCII letters or digits",
            hint="choose one with --name",
        )
    if len(made) > MAX_NAME_CHARACTERS:
        raise ConfigError(
            f"the name {made[:20]}... has {len(made)} characters, at most {MAX_NAME_CHARACTERS}"
            " are allowed",
            hint="choose a shorter one with --name",
        )
    if made[0].isdigit():
        made = f"model_{made}"
    return f"{made}_model" if made.lower() in _TAKEN else made


def comment_text(text: str) -> str:
    """``text`` for the inside of a C comment: plain ASCII that cannot end or nest it."""
    return re.sub(r"[^A-Za-z0-9 _.,:;=+/()\[\]-]", "_", text)[:200]
