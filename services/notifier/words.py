"""From a message's name to its words, in the reader's language: subject, plain text, HTML, and what goes by SMS.

What a message is made of stands once (`templates/messages.toml`), and so does how it is laid out (`message.txt`,
`message.html`); its sentences come from the catalogue of a language.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from services.notifier.catalogues import ENGLISH, Language, languages
from services.notifier.sentences import FOLDER, Sentence, load, of_help
from shared.links import MY_PAGE
from shared.programme import DEFAULT, HelpLine, Programme
from shared.programme import load as load_programme

ISOLATE, ISOLATE_END = "\u2066", "\u2069"
"""Around a line in English in a plain text that may be read from right to left (Unicode's bidirectional algorithm, UAX 9)."""

FROM_THE_RIGHT = "\u200f"
"""Before a line of plain text that is read from right to left and begins with a name in Latin letters: the programs that look
at how a line begins would turn it round."""


LINK, STOP, CODE = "\ue000", "\ue001", "\ue002"
"""Where in what is laid out the parts go that are of one message alone: private-use characters, which no sentence has."""

LAID_OUT = 1_024
"""Messages kept laid out: twenty in three languages, and some for each number of days or people. 10 kB each."""


@dataclass(frozen=True)
class Rendered:
    """A message as it goes out. `sms` is empty where it only ever goes out by e-mail."""

    language: str
    direction: str
    subject: str
    text: str
    html: str
    sms: str


@dataclass(frozen=True)
class Line:
    """One line of urgent help; `foreign` when the programme has it in English alone."""

    text: str
    html: Markup
    """The same; one tap on what to do does it, where the programme has a link for it."""
    foreign: bool

    @property
    def alone(self) -> str:
        return f"{ISOLATE}{self.text}{ISOLATE_END}" if self.foreign else self.text


class Words:
    """All messages of one programme. Raises BadCatalogue or OSError when an operator's own sentences can't be used."""

    def __init__(self, programme: Programme, base_url: str, own: Path | None = None) -> None:
        self._help, self._base_url = programme.urgent_help.lines, base_url.rstrip("/")
        self._sentences = load()
        self.languages = languages(
            [*self._sentences.used(), *of_help(load_programme(DEFAULT).urgent_help), *of_help(programme.urgent_help)],
            [sentence for _, sentence in self._sentences.used()], own)
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
            autoescape=select_autoescape(("html",), default=False))
        self._environment.filters["label"] = _label
        self._laid_out = lru_cache(maxsize=LAID_OUT)(self._lay_out)

    @property
    def page(self) -> str:
        """A person's own page, where they choose when and whether we write."""
        return f"{self._base_url}{MY_PAGE}"

    def off(self, offered: Iterable[str]) -> list[str]:
        """Languages that people may choose for our messages and in which nothing is said: they hear from us in English."""
        return [tag for tag in offered if tag not in self.languages or not self.languages[tag].on]

    def render(self, template: str, language: str, link: str = "", code: str = "", count: int = 1,
               stop: str = "", others: int = 0) -> Rendered:
        """The message as it goes out: in English where `language` is off or has no catalogue.

        `link`: where it leads, unless that is the page. `count`: of the people whose words a digest puts together, or of the
        days that somebody has waited. `stop`: where one tap stops messages of its kind, if there is such a place.
        `others`: for how many weeks half of those who wait have waited; 0 where that can't be said.
        """
        known = self.languages.get(language)
        return self.draft(template, known.tag if known is not None and known.on else ENGLISH, link, code, count, stop,
                          others)

    def draft(self, template: str, language: str, link: str = "", code: str = "000000", count: int = 1,
              stop: str = "", others: int = 0) -> Rendered:
        """The message in this language, though it be off. Raises KeyError for one that has no catalogue."""
        laid_out = self._laid_out(template, language, count, others, can_stop=bool(stop), has_code=bool(code))
        own = {LINK: link or self.page, STOP: stop, CODE: code}
        return replace(laid_out, text=_filled(laid_out.text, own), sms=_filled(laid_out.sms, own),
                       html=_filled(laid_out.html, {mark: escape(each) for mark, each in own.items()}))

    def _lay_out(self, template: str, language: str, count: int, others: int, can_stop: bool, has_code: bool) -> Rendered:
        """The message with a mark wherever something stands that is of this one alone: a line of its own in plain text."""
        spoken, message = self.languages[language], self._sentences.messages[template]
        shown = CODE if has_code else ""

        def say(sentence: Sentence | None, count: int = count) -> str:
            return spoken.say(sentence, count).format(count=count, code=shown) if sentence is not None else ""
        parts, ending = message.parts, self._sentences.ending.get(message.ending)
        given = {
            "language": spoken.tag.replace("_", "-"), "direction": spoken.direction, "code": shown,
            "frame": {name: spoken.say(each) for name, each in self._sentences.frame.items()},
            "subject": say(parts["subject"]), "lead": say(parts["lead"]), "words": say(parts.get("words")),
            "code_before": say(parts.get("code")), "why": say(parts["why"]), "next": say(parts["next"]),
            "others": say(parts.get("others"), others) if others else "",
            "open": say(self._sentences.open[message.open]), "ending": say(ending),
            "link": LINK, "stop": STOP if can_stop else "", "page": self.page,
            "help": [self._line(each, spoken) for each in self._help],
        }
        sms = say(parts.get("sms"))
        return Rendered(
            language=str(given["language"]), direction=spoken.direction, subject=str(given["subject"]),
            text=_plain(self._environment.get_template("message.txt").render(given)),
            html=self._environment.get_template("message.html").render(given),
            sms=sms if not sms or "code" in parts else f"{sms}\n{self.page}")

    def _line(self, line: HelpLine, spoken: Language) -> Line:
        texts = [Sentence(each) for each in (line.name, line.how, line.when, line.region) if each]
        foreign = spoken.tag != ENGLISH and all(spoken.say(each) == each.one for each in texts[1:])
        name, how, when, *region = [each.one if foreign else spoken.say(each) for each in texts]
        pattern = self._sentences.frame["help_line"]
        told = pattern.one if foreign else spoken.say(pattern)
        named = f"{name} ({region[0]})" if region else name
        tap = Markup('<a href="{}" style="color:#1a4f7a">{}</a>').format(line.link, how) if line.link else how
        return Line(told.format(name=named, how=how, when=when), escape(told).format(name=named, how=tap, when=when), foreign)


def _filled(text: str, own: Mapping[str, str]) -> str:
    for mark, each in own.items():
        text = text.replace(mark, each)
    return text


def _label(text: str) -> str:
    """The words of a link, without the colon that stands before an address in plain text."""
    return text.rstrip(": \u00a0")


def _plain(text: str) -> str:
    """Each paragraph in one line, which a telephone and a wide screen break each in their own way."""
    return "".join(f"{FROM_THE_RIGHT if _turned_round(line) else ''}{line}\n" for line in text.strip().splitlines())


def _turned_round(line: str) -> bool:
    letters = [kind for kind in map(unicodedata.bidirectional, line) if kind in ("L", "R", "AL")]
    return bool(letters) and letters[0] == "L" and letters.count("L") < len(letters)
