"""What the ledger needs to know beyond what all services do."""

from __future__ import annotations

from dataclasses import fields

from pydantic import Field

from services.ledger.domain.protection import Thresholds
from services.ledger.domain.signals import Attention
from shared.settings import Settings


class LedgerSettings(Settings):
    retention_days: int = Field(
        30, ge=1, le=3650, description="Days that an entry stays on the log before it moves to the archive. Every service "
        "must have read it first, so a service may be away for long without losing anything.")
    archive_months: int = Field(
        24, ge=1, le=240, description="Months that the archive is kept; older days are deleted. It is what services are "
        "rebuilt from.")
    giving_times: int = Field(
        3, ge=2, le=20, description="Somebody who gave at least this many times what they received is offered a rest, if all "
        "that follows is so too. Giving and receiving ebb and flow, so the band of what is fine is wide.")
    giving_more: int = Field(
        10, ge=3, le=200, description="And they gave at least this many moments more than they received, in the last 12 weeks "
        "and in the last 26. Fewer is less than one a week, which tires nobody.")
    giving_weeks: int = Field(
        7, ge=1, le=12, description="And they gave more than they received in at least this many of the last 12 weeks. A month "
        "touches six weeks at most, so that one busy month alone is never enough.")
    giving_newcomer_weeks: int = Field(
        12, ge=4, le=52, description="And their first moment was at least this many weeks ago: before that the two windows "
        "would say the same, and people who are new often begin by giving.")
    giving_again_weeks: int = Field(
        12, ge=4, le=52, description="And they were offered none in as many weeks: an offer that comes often is a reproach.")
    only_giving: int = Field(
        5, ge=2, le=100, description="Whoever gave this many moments, over more than four weeks, and of whom nothing received "
        "was ever recorded, is asked once whether there is something they would like. Fewer may be chance.")
    look_gave_and_received: float = Field(
        0.5, ge=0, le=1, description="A signal asks for a look when fewer than this share of active people both gave and "
        "received in 12 weeks. Support is meant to go both ways for most; giving and receiving ebb and flow, so not for "
        "all.")
    look_giving_by_top_tenth: float = Field(
        0.5, ge=0.1, le=1, description="When the tenth who give most did more than this share of all giving in 12 weeks: "
        "then help rests on a few. A tenth who did a tenth would be everybody alike, which no programme is.")
    look_pairs_through_breaks: float = Field(
        0.6, ge=0, le=1, description="When fewer than this share of pairs went on after a break of one of the two, in 26 "
        "weeks. Of telephone peer support 46 % of pairs last so long; a break should not make an ending likelier.")
    look_kinds: int = Field(
        3, ge=1, le=8, description="When fewer kinds of moment than this, of eight, were used in 12 weeks: people may not "
        "know of the others, or find no occasion.")
    look_practical_help: int = Field(
        21, ge=1, le=365, description="When the five who have waited longest for practical help, and have nobody, have "
        "waited longer than so many days at the mean: a form that has to be filled in has a date.")
    look_felt_listened_to: float = Field(
        0.7, ge=0, le=1, description="When fewer than this share of those who answered felt listened to, in 12 weeks. Who "
        "answers is content more often than who does not.")
    look_pulse_answers: float = Field(
        0.15, ge=0, le=1, description="When fewer than this share of those who were asked whether they felt listened to "
        "answered: 5 to 15 % of people answer a survey, and the answers of so few tell little of the others.")
    look_newcomers_first_proposal: int = Field(
        14, ge=1, le=365, description="When it took more than so many days at the median until a newcomer was first "
        "suggested somebody: by then we have written twice that there is nobody yet.")
    look_newcomers_first_hello: int = Field(
        21, ge=1, le=365, description="When it took more than so many days until the first moment or gesture: both answer "
        "within a week, as a proposal lapses, so that is a week behind the first proposal.")
    look_newcomers_first_giving: int = Field(
        42, ge=1, le=365, description="When it took more than so many days until a newcomer first gave: nobody has to, "
        "and after six weeks it may be that they don't feel comfortable to.")
    look_blocks_and_concerns: float = Field(
        5, ge=0, le=100, description="When there were more than so many blocks and concerns for every 100 pairs in 12 "
        "weeks: that is one pair in twenty.")
    look_concern_look_hours: int = Field(
        24, ge=1, le=720, description="When it took more than so many hours at the median until a person looked at a "
        "concern: the page says that it is not read at once, and somebody waits for it to be read.")
    look_endings: float = Field(
        0.1, ge=0, le=1, description="When more than this share of endings was a block or for safety. Pairs end, and most "
        "of them well; these did not.")
    look_waiting_by_group: float = Field(
        2, ge=1, le=20, description="When a group that people chose to disclose waits more than so many times the median "
        "of everybody: below twice it may be chance.")
    port: int = Field(8002, ge=1, le=65535, description="Port of the ledger's health and metrics.")

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(times=self.giving_times, more=self.giving_more, weeks=self.giving_weeks,
                          newcomer_weeks=self.giving_newcomer_weeks, again_weeks=self.giving_again_weeks,
                          only_given=self.only_giving)

    @property
    def attention(self) -> Attention:
        return Attention(**{each.name: getattr(self, f"look_{each.name}") for each in fields(Attention)})
