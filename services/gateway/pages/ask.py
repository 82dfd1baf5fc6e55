"""Asking for a buddy: one question a page, the check, what comes after."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Request, Response
from redis.exceptions import RedisError
from starlette.responses import RedirectResponse

from services.gateway import asking, danger, in_words, steps
from services.gateway.domain import aliases
from services.gateway.domain.references import reference
from services.gateway.pages.settled import settled
from services.gateway.posted import Posted
from services.gateway.problems import Problems
from services.gateway.store.drafts import Draft
from services.gateway.store.stops import one_at_a_time
from services.gateway.web import Here, NotSignedIn, Web, address


def router(web: Web) -> APIRouter:
    routes = APIRouter()

    @routes.get("/ask")
    async def before(request: Request) -> Response:
        """What this is, and where to begin or go on."""
        try:
            here = await web.maybe_here(request)
            _, draft = await _draft(web, request)
        except (RedisError, OSError):
            here, draft = None, None  # this page needs no store
        if here is not None and here.row.request is not None:
            return web.message(request, "already_asking")
        draft = _open(draft, here)
        community = request.query_params.get("community", "")
        known = f"?community={community}" if any(each.key == community for each in web.host.programme.communities) else ""
        response = web.page(request, "ask", invited=draft is not None and draft.referral is not None,
                            begun=draft is not None and bool(draft.fields),
                            start=f"/ask/{_first_open(web, draft, here).key}{known}")
        return _kept_for_back(response)

    @routes.post("/ask/clear")
    async def clear(request: Request) -> Response:
        """What was begun in this browser is deleted, whoever began it."""
        await web.posted(request)
        if id := web.cookies.read(request, "draft"):
            await web.drafts.forget(id)
        response = web.message(request, "cleared")
        web.cookies.clear(response, "draft")
        return response

    @routes.get("/ask/check")
    async def check(request: Request) -> Response:
        here = await web.maybe_here(request)
        _, draft = await _own_draft(web, request, here)
        if draft is not None and draft.sent:
            return RedirectResponse("/ask/sent", 303)
        if draft is None:
            return web.message(request, "nothing_to_check", 404)
        asked = asking.checked_draft(web, draft, here)
        if isinstance(asked, Problems):  # one was passed over, or the programme has changed since
            return RedirectResponse(_to_mend(web, draft, asked, here), 303)
        shown = in_words.of_form(asked, web.catalogue, web.host.programme, again=not draft.key)
        return web.page(request, "check", answers=shown,
                        choosy=asked.meets_ages or asked.chosen_limits, danger=danger.suggested(asked.note or ""))

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
            if isinstance(asked, Problems):
                return RedirectResponse(_to_mend(web, draft, asked, here), 303)
            if draft.key:  # whoever is signed in has nobody written to
                await web.limits.sign_in_from(address(request))
            async with settled():
                await asking.send(web, draft, asked, here)
            await web.drafts.save(id, draft.after_sending())
        return RedirectResponse("/ask/sent", 303)

    @routes.get("/ask/sent")
    async def sent(request: Request) -> Response:
        _, draft = await _draft(web, request)
        if draft is None or not draft.sent:
            return web.message(request, "nothing_to_check", 404)
        here = await web.maybe_here(request)
        # To anybody else the page says the same whether the address they gave was known or not.
        certain = here is not None and here.peer == draft.peer
        return web.page(request, "sent", reference=reference(draft.request), certain=certain)

    @routes.get("/ask/{key}")
    async def question(request: Request, key: str) -> Response:
        try:
            here = await web.maybe_here(request)
            _, draft = await _draft(web, request)
        except (RedisError, OSError):
            here, draft = None, None  # an empty page needs no store
        if (step := _step(web, key, here)) is None:
            return web.message(request, "not_found", 404)
        if here is not None and here.row.request is not None:
            return web.message(request, "already_asking")
        draft = _open(draft, here)
        fields = dict(draft.fields) if draft is not None else {}
        if community := request.query_params.get("community"):
            fields.setdefault("community", (community,))
        changing = request.query_params.get("changing") == "yes"
        problems = Problems({})
        if draft is not None and changing:  # what was right is wrong where the programme's choices have changed since
            whole = asking.checked_draft(web, draft, here)
            problems = step.problems(whole) if isinstance(whole, Problems) else problems
        return _question(web, request, step, Posted(fields), here, changing=changing, begun=draft is not None,
                         problems=problems)

    @routes.post("/ask/{key}")
    async def answer(request: Request, key: str) -> Response:
        answers = await _posted(web, request)
        if isinstance(answers, Response):
            return answers
        try:
            here = await web.maybe_here(request)
            if (step := _step(web, key, here)) is None:
                return web.message(request, "not_found", 404)
            changing = answers.first("changing") == "yes"
            if answers.first("other_names"):
                return _question(web, request, step, answers, here, changing=changing, seed=secrets.randbelow(2**31))
            if here is not None and here.row.request is not None:
                return web.message(request, "already_asking")
            id = web.cookies.read(request, "draft") or web.host.clock.new_id()
            async with one_at_a_time(web.host.redis, id):  # two tabs
                before = await web.drafts.load(id)
                draft = asking.begun(web, before, here)
                fields = step.answered(asking.with_what_we_know(web, Posted(draft.fields), here).fields, answers)
                whole = asking.checked(web, Posted(fields), here)
                if isinstance(whole, Problems) and (problems := step.problems(whole)):
                    return _question(web, request, step, Posted({**fields, **answers.fields}), here, status=422,
                                     problems=problems, changing=changing, begun=before is not None)
                if before is not None and draft.request != before.request:
                    id = web.host.clock.new_id()  # what was sent, or is somebody else's, stays as it is
                await web.drafts.save(id, draft.model_copy(update={"fields": fields}))
        except (RedisError, OSError):
            return _away(web, request, key, answers)
        following = None if changing else steps.after(step, _steps(web, here))
        response = RedirectResponse("/ask/check" if following is None else f"/ask/{following.key}", 303)
        web.cookies.set(response, "draft", id)
        return response

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


def _open(draft: Draft | None, here: Here | None) -> Draft | None:
    """One that this person may go on with."""
    return draft if draft is not None and not draft.sent and _is_theirs(draft, here) else None


def _steps(web: Web, here: Here | None) -> tuple[steps.Step, ...]:
    return steps.asked(web.host.programme, again=here is not None)


def _step(web: Web, key: str, here: Here | None) -> steps.Step | None:
    """One that the programme does not ask any more can be reached too: what was answered there may have to be let go."""
    return next((each for each in steps.STEPS if each.key == key and not (each.new and here is not None)), None)


def _first_open(web: Web, draft: Draft | None, here: Here | None) -> steps.Step:
    """Where to begin, or to go on: the first that nothing was said to yet."""
    asked = _steps(web, here)
    said = draft.fields if draft is not None else {}
    return next((each for each in asked if not any(each.has(name) for name in said)), asked[-1 if said else 0])


def _to_mend(web: Web, draft: Draft, problems: Problems, here: Here | None) -> str:
    """The first question, in the order of the pages, that nothing was said to yet; else the first with which something is not
    right any more."""
    asked = _first_open(web, draft, here)
    if not any(asked.has(name) for name in draft.fields):
        return f"/ask/{asked.key}"
    wrong = [each for each in steps.STEPS if each.problems(problems) and not (each.new and here is not None)]
    return f"/ask/{wrong[0].key}?changing=yes" if wrong else "/ask"


async def _posted(web: Web, request: Request) -> Posted | Response:
    try:
        return await web.posted(request)
    except (RedisError, OSError):
        return _away(web, request, str(request.path_params["key"]), request.state.posted)


def _away(web: Web, request: Request, key: str, answers: Posted) -> Response:
    """The page as it was sent: what was answered on it is kept on it, and the rest where it was."""
    step = next((each for each in steps.STEPS if each.key == key), steps.STEPS[0])
    return _question(web, request, step, answers, None, status=503, changing=answers.first("changing") == "yes",
                     notice=web.catalogue.words["saved"]["away"])


def _question(web: Web, request: Request, step: steps.Step, answers: Posted, here: Here | None, *, status: int = 200,
              seed: int | None = None, changing: bool = False, **context: object) -> Response:
    programme = web.host.programme
    if seed is None:
        seed = aliases.seed(answers.first("names"))
    if seed is None:
        seed = secrets.randbelow(2**31)
    chosen, offered = answers.first("alias"), web.catalogue.aliases.offer(seed)
    if web.catalogue.aliases.knows(chosen) and chosen not in offered:
        offered = (chosen, *offered)
    asked = steps.asked(programme, again=here is not None)
    place = asked.index(step) if step in asked else 0
    before = f"/ask/{asked[place - 1].key}" if place else "/ask"
    if changing and not context.get("problems"):
        before = "/ask/check"
    sought = {key: programme.topics[key] for key in answers.all("seeks") if key in programme.topics} or programme.topics
    response = web.page(
        request, "ask/step", status, step=step, alone=len(step.fields) == 1, back=before, changing=changing, posted=answers,
        names={name: name for name in offered}, names_seed=seed, sought=sought,
        communities={one.key: one.name for one in programme.communities},
        danger=step.key == "consent" and danger.suggested(answers.first("note")), **context)
    return _kept_for_back(response)


def _kept_for_back(response: Response) -> Response:
    """So that Back finds the answers where they were."""
    response.headers["cache-control"] = "private, no-cache"
    return response
