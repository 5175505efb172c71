"""Strings that software tends to get wrong."""

from __future__ import annotations

STRINGS: tuple[str, ...] = (
    # Empty, or looking empty.
    "", " ", "  ", "\t", "\xa0", "\u2003", "\u3000", "\u200b", "\ufeff", "\u2060", "\u180e", "\u115f", "\u3164",
    # Words of languages and formats.
    "null", "NULL", "nil", "none", "None", "undefined", "undef", "true", "false", "True", "FALSE", "yes", "no", "on", "off", "y", "n", "~",
    "NaN", "Infinity", "-Infinity", "inf", "[object Object]", "function () {}", "__proto__", "constructor", "prototype", "hasOwnProperty",
    "toString", "__class__", "__init__", "self", "this", "$ref", "$schema", "id", "key", "length", "default",
    # Numbers that are strings.
    "0", "-0", "00", "01", "1", "-1", "+1", "1.0", "1.", ".1", "1e3", "1E-3", "1,000", "1 000", "1_000", "0x1F", "0b1", "0o7", "1/2", "1/0",
    "9007199254740993", "18446744073709551616", "1e999", "1e-999", "999999999999999999999999", "-9223372036854775809", "\u0661\u0662\u0663", "\uff11",
    "\xb2", "\xbd", "\u2163", "12:30", "2026-01-15", "2026-01-15T09:00:00Z", "2026-02-30", "1.2.3", "1e1000000000",
    # Control characters.
    "\0", "a\0b", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b[2J", "\x1b]0;title\x07", "\x7f", "\x80", "\x85", "\x9f", "a\nb", "a\rb", "a\r\nb",
    "\r\nX-Injected: 1", "\n\n", "%0d%0aX-Injected: 1",
    # Punctuation of other syntaxes.
    "'", '"', "''", '""', "`", "\\", "\\\\", "/", "//", ".", "..", "...", ";", ":", ",", "?", "#", "&", "=", "+", "%", "%%", "%2", "%zz", "%00",
    "%2f", "%252f", "|", "<", ">", "<>", "[]", "{}", "()", "[", "]", "{", "}", "*", "**", "@", "!", "$", "^", "_", "-", "--", "- a", "a: b",
    "# comment", "&anchor", "*alias", "!!tag", "|\n", ">\n", "? ", "{a: b}", "[a, b]", "%YAML 1.2", "---", "a=b&c=d", "a;b=c", "a/b?c#d",
    # Injections.
    "' OR '1'='1", "'; DROP TABLE jobs; --", '" OR ""="', "1; SELECT pg_sleep(10)", "admin'--", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "javascript:alert(1)", "\"><svg onload=alert(1)>", "<!--", "-->", "]]>", "<![CDATA[", "&lt;", "&#x41;",
    "&nbsp;", "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>", "$(touch /tmp/x)", "`id`", "; ls", "| cat", "&& id", "|| id", "$HOME", "${HOME}",
    "%n%n%n%n", "%s%s%s%s", "%x", "%d", "{0}", "{self.__class__}", "{{7*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{% raw %}", "@{x}",
    "${jndi:ldap://127.0.0.1/a}", "() { :; }; id", "=1+1", "+1+1", "@SUM(1)", "*)(uid=*", "' or count(//*)=1 or 'a'='a",
    "../../../../etc/passwd", "..\\..\\windows\\win.ini", "....//....//etc/passwd", "/etc/passwd", "C:\\", "\\\\server\\share", "file:///etc/passwd",
    "http://169.254.169.254/", "~root", "CON", "NUL", "aux.txt", "COM1", ".git", ".env", "a.", "a ", " a",
    # Letters outside ASCII.
    "\xe9", "e\u0301", "\xc5", "A\u030a", "\u1e9e", "\xdf", "\u0130", "\u0131", "\u017f", "\u212a", "\ufb01", "\u0149", "\u01c4", "\u03c2", "\u03a3",
    "\u4f60\u597d", "\u3053\u3093", "\uc548\ub155", "\u1112\u1161\u11ab", "\u0645\u0631\u062d\u0628\u0627", "\u05e9\u05dc\u05d5\u05dd", "\u0928\u092e\u0938\u094d\u0924\u0947",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\u13a0", "\U00010400", "\U0001d54f", "\uff21", "\u24b6", "\u1d2c", "Z\u0351\u0301\u0323a\u0353\u0346l\u0321\u0342",
    "a" + "\u0301" * 200, "\ufdfd", "\ufffd", "\ufffe", "\uffff", "\ufdd0", "\U0010ffff", "\ue000", "\U000f0000", "\u0378", "\u2028", "\u2029",
    # Direction, joiners and other marks that are not seen.
    "\u202e\u0065\u0078\u0065", "\u202d", "\u2066a\u2069", "\u200f", "\u061c", "a\u200db", "a\u200cb", "a\xadb", "\U000e0041\U000e007f", "a\ufe0f",
    # Emoji.
    "\U0001f600", "\U0001f44d\U0001f3fd", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f1e9\U0001f1ea", "1\ufe0f\u20e3",
    # Long.
    "a" * 1_000, "\u00e9" * 1_000, "\U0001f600" * 500, "a " * 500, "(" * 1_000, "[" * 500 + "]" * 500, "\\" * 999,
)  # fmt: skip
