"""Takes WordPress's shortcodes and bare media addresses out of a post's source.

What a reader sees stays: `[caption]` and buttons keep their text, `[1]` and "[sic]" are prose.
"""

import re

_ATTRIBUTE = r"""\s[a-z][\w-]+\s*=\s*(?:["'“”″`]|&(?:#\d+|quot|[lr][sd]quo);)"""
"""`key="value"`, also in the curly quotes that WordPress gives an unknown shortcode."""

_MEDIA = "embed|video|audio|playlist|youtube|vimeo|vc_raw_html|vc_raw_js|googlemaps?|vc_gmaps"
"""Their content is an address or code, nothing to read."""

_SHORTCODE = re.compile(
    rf"\[(?P<escaped>\[[^\[\]]*+\])\]"
    rf"|\[(?P<media>{_MEDIA})\b[^\[\]]*+\][^\[\]]*+\[/(?P=media)\]"
    rf"|\[(?P<end>/?)(?P<name>[a-z][\w-]*+)(?P<rest>[^\[\]]*+)\]",
    re.IGNORECASE | re.ASCII,
)
_END = re.compile(r"\[/([a-z][\w-]*+)[^\[\]]*+\]", re.IGNORECASE | re.ASCII)
_HAS_ATTRIBUTE = re.compile(rf"\s+[a-z][\w-]+=|.*?{_ATTRIBUTE}", re.IGNORECASE | re.DOTALL)

_KNOWN = re.compile(
    "gallery|caption|embed|audio|video|playlist|youtube|vimeo|toc|ez-toc|lwptoc|searchform|sitemap"
    "|contact-form(?:-7)?|instagram-feed"
)
_IN_WORDS = re.compile("(?:su_)?(?:dropcap|highlight|tooltip)")
_LAYOUT = re.compile(
    r"(?:vc|et_pb|fusion|av|cs|x|fl|tatsu|ux|rev)_|(?:row|col|section|tab|accordion|toggle|caption)"
)

_SITES = (
    r"youtube\.com|youtu\.be|vimeo\.com|twitter\.com|x\.com|instagram\.com|facebook\.com"
    r"|tiktok\.com|spotify\.com|soundcloud\.com|dailymotion\.com|flickr\.com|ted\.com"
)
_EMBEDDED = re.compile(
    rf"^([^\S\n]*|<p>\s*)https?://(?:[\w-]{{1,40}}\.){{0,3}}(?:{_SITES})/[^\s<>\"]*+(?=\s*(?:$|</p>))"
    r"|(wp-block-embed__wrapper\">\s*)https?://[^\s<>\"]++(?=\s*<)",
    re.IGNORECASE | re.MULTILINE,
)
"""An address alone on its line, which WordPress replaces by the medium."""


def without_shortcodes(html: str) -> str:
    """The source without shortcodes, and without the addresses of embedded media."""
    if "://" in html:
        html = _EMBEDDED.sub(lambda found: found[1] or found[2] or "", html)
    if "[" not in html:
        return html
    ends = {name.lower() for name in _END.findall(html)} if "[/" in html else set[str]()
    return _SHORTCODE.sub(lambda found: _what_stays(found, ends), html)


def _what_stays(found: re.Match[str], ends: set[str]) -> str:
    """In place of a shortcode: nothing, a space, or a blank line where a column or tab ends."""
    if found["escaped"]:  # `[[gallery]]` shows `[gallery]`
        inner = _SHORTCODE.fullmatch(found["escaped"])
        shows = inner is not None and bool(inner["name"]) and _is_shortcode(inner, ends)
        return found["escaped"] if shows else found[0]
    if found["media"]:
        return " "
    if not _is_shortcode(found, ends):
        return found[0]
    name = found["name"].lower()
    if _IN_WORDS.fullmatch(name):
        return ""
    return "\n\n" if _LAYOUT.match(name) else " "


def _is_shortcode(found: re.Match[str], ends: set[str]) -> bool:
    """Is it one, or words in square brackets?"""
    name, rest = found["name"], found["rest"]
    if found["end"] or name.lower() in ends or _KNOWN.fullmatch(name):
        return True
    if rest.strip(" /\n\t"):
        return _HAS_ATTRIBUTE.match(rest) is not None
    before = found.string[max(found.start() - 1, 0) : found.start()]
    is_index = before.isalnum() or before == "_"  # `row[user_id]`
    return rest.endswith("/") or ("_" in name and not is_index)
