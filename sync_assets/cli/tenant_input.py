"""Turns what an operator types into a tenant, or says what is wrong with it."""

import sys
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit, urlunsplit

import typer
from cronsim import CronSim, CronSimError

from sync_assets.core.clock import utc_now
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.streams import SourceSpec
from sync_assets.core.tenants import Credentials


def address(text: str, option: str = "--url") -> str:
    """A site's URL without a slash at the end; raises `OperatorMustAct`, blaming the option."""
    parts = _split(text.strip())
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise OperatorMustAct(
            f"{option} {text!r:.200} is no address. It looks like https://site.com."
        )
    if "@" in parts.netloc:
        raise OperatorMustAct(
            f"{option} holds credentials. Give them with --username and --password-stdin of "
            "'sync-assets tenant add' instead; those are stored encrypted."
        )
    if parts.query or parts.fragment:
        raise OperatorMustAct(
            f"{option} has a '?' or '#'. Give the address of the site's front page."
        )
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path.rstrip("/"), "", ""))


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        _ = parts.port  # ValueError, too, for what is no port
    except ValueError:
        return None
    return parts


def settings(texts: Sequence[str], spec: SourceSpec) -> dict[str, str]:
    """The settings from `KEY=VALUE`; raises `OperatorMustAct` for unknown or unusable ones."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise OperatorMustAct(f"--setting {text!r:.100} is not KEY=VALUE.")
        found[known(name.strip(), spec)] = value.strip()
        if not value.strip():
            raise OperatorMustAct(
                f"--setting {name.strip()} has no value. To take it back, use --unset "
                f"{name.strip()} of 'sync-assets tenant update'."
            )
    for name, value in found.items():
        try:
            spec.settings[name].parse(value)
        except ValueError as error:
            raise OperatorMustAct(f"--setting {name}: {error}") from error
    return found


def schedule(text: str) -> str | None:
    """A schedule of its own as it is stored: a cron line, `off`, or None for the common one.

    Raises:
        OperatorMustAct: it is no cron line, or one that never comes.
    """
    words = " ".join(text.split())
    if words in {"off", "default"}:
        return None if words == "default" else words
    fault = _fault(words)
    if fault is None:
        return words
    raise OperatorMustAct(
        f"--schedule {text!r:.80} is no cron line ({fault}). It has five fields, minute hour day "
        "month weekday, such as '0 */6 * * *' for every six hours; or give 'off' for no "
        "schedule, 'default' for the common one."
    )


def _fault(cron: str) -> str | None:
    """What is wrong with a cron line, None for a good one."""
    if len(cron.split()) != 5:  # a sixth one would be seconds, which no sensor keeps to
        return "not five fields"
    try:
        next(CronSim(cron, utc_now()))
    except CronSimError as error:
        return str(error)
    except StopIteration:
        return "that day never comes"
    return None


def known(name: str, spec: SourceSpec) -> str:
    """The name of a setting that the source has."""
    if name not in spec.settings:
        has = ", ".join(spec.settings) or "none"
        raise OperatorMustAct(f"{spec.title} has no setting {name!r:.60}. It has {has}.")
    return name


def credentials(username: str | None, *, password_stdin: bool, public: bool) -> Credentials | None:
    """The account, None for a public tenant; raises a usage error for neither and for both."""
    given = username is not None or password_stdin
    if given == public:
        raise typer.BadParameter("Give either --username and --password-stdin, or --public.")
    if public:
        return None
    if username is None or not password_stdin:
        raise typer.BadParameter("--username and --password-stdin belong together.")
    return Credentials(username, password())


def password() -> str:
    """The password from standard input, asked for where that is a terminal."""
    if sys.stdin.isatty():
        text = str(typer.prompt("Password", hide_input=True, err=True))
    else:
        text = sys.stdin.readline().rstrip("\r\n")
    if not text:
        raise OperatorMustAct("Standard input holds no password.")
    return text
