from __future__ import annotations

import httpx
import pytest

from console.browser import Page, Trouble, read

PAGE = """<!DOCTYPE html><html><head><title>no heading</title></head><body>
<h1>Ask for a <em>buddy</em></h1><a href="/help">Help</a>
<form action="/ask" method="post">
<input type="hidden" name="names" value="42"><input name="email" type="email" value="kept@people.example">
<input type="checkbox" name="seeks" value="sleep" checked><input type="checkbox" name="seeks" value="stress">
<input type="radio" name="capacity" value="1" checked><input type="radio" name="capacity" value="2">
<textarea name="text">as it
was</textarea>
<button type="submit" name="answer" value="yes">Yes</button><button name="answer" value="not_now">Not now</button>
<button type="submit">Continue</button>
</form>
<form action="/other"><input name="to" value="x"></form>
<dl><dt>Moments you gave</dt><dd>3</dd><dt>Moments you received</dt><dd>4</dd></dl>
<input name="outside" value="of any form">
</body></html>"""


def page(text: str = PAGE, status: int = 200) -> Page:
    request = httpx.Request("GET", "http://twoway.example/ask?names=42")
    return read(httpx.Response(status, html=text, request=request))


def test_a_page_is_read_as_a_person_would_see_it() -> None:
    seen = page()
    assert (seen.status, seen.path, seen.heading) == (200, "/ask", "Ask for a buddy")
    assert seen.links == ["/help"]
    assert list(seen.terms.items()) == [("Moments you gave", "3"), ("Moments you received", "4")]
    assert "Not now" in seen.text


def test_a_form_sends_what_stands_in_it_and_no_button_that_was_not_pressed() -> None:
    form = page().form("/ask")
    assert form.method == "POST"
    assert form.filled({}) == [("names", "42"), ("email", "kept@people.example"), ("seeks", "sleep"), ("capacity", "1"),
                               ("text", "as it\nwas")]


def test_an_answer_takes_the_place_of_what_stood_there() -> None:
    sent = page().form("/ask").filled({"seeks": ["stress"], "capacity": "2", "email": "new@people.example", "answer": "yes"})
    assert sent == [("names", "42"), ("text", "as it\nwas"), ("seeks", "stress"), ("capacity", "2"),
                    ("email", "new@people.example"), ("answer", "yes")]


@pytest.mark.parametrize("answers", [{"seeks": ["anything"]}, {"capacity": "3"}, {"answer": "maybe"}])
def test_nobody_can_choose_what_a_form_does_not_offer(answers: dict[str, str]) -> None:
    with pytest.raises(Trouble, match="does not offer"):
        page().form("/ask").filled(answers)


def test_a_form_that_is_not_there_is_told_with_the_page_it_was_missed_on() -> None:
    with pytest.raises(Trouble, match=r"/ask \(404, Gone\) has no form for /me"):
        page("<h1>Gone</h1>", 404).form("/me")


def test_forms_without_a_method_are_looked_up_not_sent() -> None:
    assert page().form("/other").method == "GET"
