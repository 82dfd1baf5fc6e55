"""The order in which a large pool is worked on: people who could stand in for each other are neighbours."""

from __future__ import annotations

import numpy as np

from services.matcher.pairing.columns import AREA_SHIFT, Columns, Ints


def pool_order(columns: Columns) -> Ints:
    """Row numbers, by rarest language, then what is offered, what is sought and area, which is worth least of these."""
    return np.lexsort((columns.meeting >> AREA_SHIFT, columns.seeks, columns.offers, _rarest_language(columns.languages)))


def _rarest_language(languages: Ints) -> Ints:
    """For each row the rank of the rarest language spoken; 0 is the one that most speak."""
    bits = languages.dtype.itemsize * 8
    speakers = [int(np.count_nonzero(languages >> languages.dtype.type(bit) & languages.dtype.type(1))) for bit in range(bits)]
    ranked = sorted((bit for bit in range(bits) if speakers[bit]), key=lambda bit: (-speakers[bit], bit))
    rank = np.zeros(len(languages), np.uint8)
    for place, bit in enumerate(ranked):
        rank[(languages >> languages.dtype.type(bit) & languages.dtype.type(1)) != 0] = place
    return rank
