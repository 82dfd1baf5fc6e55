"""Asking for a buddy: the form, the check, what comes after."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Request, Response
from redis.exceptions import RedisError
from starlette.responses import RedirectResponse

from services.gateway import asking, danger, in_words
from services.gateway.domain import aliases
from services.gateway.domain.references import reference
from services.gateway.forms import Ask
from services.gateway.pages.settled import settled
from services.gateway.posted import Posted
from services.gateway.problems import Problems
from services.gateway.store.drafts import Draft
from services.gateway.web import Here, NotSignedIn, Web, address


def router(web: Web) -> APIRouter:
    routes = APIRouter()

    @routes.get("/ask")
    async def form(request: Request) -> Response:
        try:
            here = await web.maybe_here(request)
            _, draft = await _draft(web, request)
        except (RedisError, OSError):
            here, draft = None, None  # an empty form needs no store
        if here is not None and here.row.request is not None:
            return web.message(request, "already_asking")
        open_draft = draft if draft is not None and not draft.sent and _is_theirs(draft, here) else None
        fields = open_draft.fields if open_draft else {}
        kept = open_draft is not None and fields.keys() >= Ask.model_fields.keys()
        checked = asking.checked_draft(web, open_draft, here) if open_draft is not None and kept else None
        # What was right when it was kept is wrong only where the programme's choices have changed since.
        problems = checked if isinstance(checked, Problems) else Problems({})
        return _form(web, request, Posted(fields), again=here is not None, kept=kept, problems=problems,
                     invited=open_draft is not None and open_draft.referral is not None)

    @routes.post("/ask")
    async def answer(request: Request) -> Response:
        answers = await _posted(web, request)
        if isinstance(answers, Response):
            return answers
        if answers.first("other_names"):
            return _form(web, request, answers, seed=secrets.randbelow(2**31))
        try:
            here = await web.maybe_here(request)
            if here is not None and here.row.request is not None:
                return web.message(request, "already_asking")
            answers = asking.with_what_we_know(answers, here)
            checked = asking.checked(web, answers, here)
            if isinstance(checked, Problems):
                return _form(web, request, answers, status=422, problems=checked, again=here is not None)
            id, draft = await _draft(web, request)
            draft = asking.begun(web, draft, here, answers)
            id = id or web.host.clock.new_id()
            await web.drafts.save(id, draft)
        except (RedisError, OSError):
            return _away(web, request, answers)
        response = RedirectResponse("/ask/check", 303)
        web.cookies.set(response, "draft", id)
        return response

    @routes.get("/ask/check")
    async def check(request: Request) -> Response:
        here = await web.maybe_here(request)
        _, draft = await _own_draft(web, request, here)
        if draft is not None and draft.sent:
            return RedirectResponse("/ask/sent", 303)
        asked = None if draft is None else asking.checked_draft(web, draft, here)
        if draft is None or not isinstance(asked, Ask):
            return web.message(request, "nothing_to_check", 404)
        shown = in_words.of_form(asked, web.catalogue, web.host.programme, again=not draft.key)
        return web.page(request, "check", answers=shown, choosy=asked.meets_ages or asked.chosen_limits,
                        danger=danger.suggested(asked.note or ""))

    @routes.post("/ask/check")
    async def send(request: Request) -> Response:
        await web.posted(request)
        here = await web.maybe_here(request)
        id, draft = await _own_draft(web, request, here)
        if id is None or draft is None:
            return web.message(request, "nothing_to_check", 404)
        if not draft.sent:
            if here is not None and here.peer == draft.peer and here.row.request not in (None, draft.request):
                return web.message(request, "already_asking")
            asked = asking.checked_draft(web, draft, here)
            if not isinstance(asked, Ask):
                return RedirectResponse("/ask", 303)  # which says what the programme has changed since
            if draft.key:  # whoever is signed in has nobody written to
                await web.limits.sign_in_from(address(request))
            async with settled():
                await asking.send(web, draft, asked, here)
            await web.drafts.save(id, draft.after_sending())
        return RedirectResponse("/ask/sent", 303)

    @routes.post("/ask/clear")
    async def clear(request: Request) -> Response:
        """What was begun in this browser is deleted, whoever began it."""
        await web.posted(request)
        if id := web.cookies.read(request, "draft"):
            await web.drafts.forget(id)
        response = web.message(request, "cleared")
        web.cookies.clear(response, "draft")
        return response

    @routes.get("/ask/sent")
    async def sent(request: Request) -> Response:
        _, draft = await _draft(web, request)
        if draft is None or not draft.sent:
            return web.message(request, "nothing_to_check", 404)
        here = await web.maybe_here(request)
        # To anybody else the page says the same whether the address they gave was known or not.
        certain = here is not None and here.peer == draft.peer
        return web.page(request, "sent", reference=reference(draft.request), certain=certain)

    return routes


async def _draft(web: Web, request: Request) -> tuple[str | None, Draft | None]:
    id = web.cookies.read(request, "draft")
    return id, None if id is None else await web.drafts.load(id)


async def _own_draft(web: Web, request: Request, here: Here | None) -> tuple[str | None, Draft | None]:
    """Raises NotSignedIn for one that somebody began while they were signed in: it is shown to nobody else."""
    id, draft = await _draft(web, request)
    if draft is not None and not _is_theirs(draft, here):
        raise NotSignedIn
    return id, draft


def _is_theirs(draft: Draft, here: Here | None) -> bool:
    """What was begun by somebody new, or sent, is their device's; the rest is a peer's own."""
    return bool(draft.key) or draft.sent or (here is not None and here.peer == draft.peer)


async def _posted(web: Web, request: Request) -> Posted | Response:
    try:
        return await web.posted(request)
    except (RedisError, OSError):
        return _away(web, request, request.state.posted)


def _away(web: Web, request: Request, answers: Posted) -> Response:
    """The form as it was sent: every answer is kept on the page itself."""
    return _form(web, request, answers, status=503, again=answers.first("again") == "yes",
                 notice=web.catalogue.words["saved"]["away"])


def _form(web: Web, request: Request, answers: Posted, *, status: int = 200, seed: int | None = None,
          again: bool = False, **context: object) -> Response:
    if seed is None:
        seed = aliases.seed(answers.first("names"))
    if seed is None:
        seed = secrets.randbelow(2**31)
    chosen, offered = answers.first("alias"), web.catalogue.aliases.offer(seed)
    if web.catalogue.aliases.knows(chosen) and chosen not in offered:
        offered = (chosen, *offered)
    response = web.page(
        request, "ask", status, posted=answers, names={name: name for name in offered}, names_seed=seed,
        communities={one.key: one.name for one in web.host.programme.communities}, again=again, **context)
    response.headers["cache-control"] = "private, no-cache"  # so that Back finds the answers where they were
    return response
