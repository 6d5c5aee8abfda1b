"""What a program tells about the axes of its inputs: where windows run, what is a channel, what meets what."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_rf.access import Prefix, Read, Relation, Same, Taps
from pytest_rf.domains.layout import NONE, Key, Keys, carried, is_interleaved
from pytest_rf.domains.structure import Structure


@dataclass(slots=True)
class Facts:
    """What there is to learn about the inputs, step by step in the order of the program.

    Attributes:
        windowed: input axes that a window reads.
        recurrent: input axes along which a recurrence runs.
        rearranged: input axes that are sliced, shifted, gathered or mixed.
        channel: input name -> the axis that the first convolution or Linear contracts; None if it is a
            new one.
        met: pairs of axes of two inputs whose positions lie along one axis of a tensor, place by place.
        foremost: input axes whose positions lie along the first axis of an output.
    """

    windowed: set[Key] = field(default_factory=set)
    recurrent: set[Key] = field(default_factory=set)
    rearranged: set[Key] = field(default_factory=set)
    channel: dict[str, int | None] = field(default_factory=dict)
    met: set[tuple[Key, Key]] = field(default_factory=set)
    foremost: set[Key] = field(default_factory=set)

    def learn_read(self, source: Structure, access: Read) -> None:
        """Learn from what a step reads of an operand with structure ``source``."""
        for number, (_, relation) in enumerate(access.axes):
            if isinstance(relation, Same):
                continue
            if number == access.channel:
                self._learn_channel(source, number)
            else:
                axis = source.layout[number]
                carries = axis[0].carries if len(axis) == 1 else NONE.union(*[one.carries for one in axis])
                if carries:
                    self._learn_relation(carries, relation)

    def learn_meetings(self, structure: Structure) -> None:
        """Learn which axes of several inputs lie along one axis of a tensor."""
        if len(structure.inputs) < 2:
            return
        for factor in (factor for axis in structure.layout for factor in axis if len(factor.carries) > 1):
            own = [key for key in factor.carries if not is_interleaved(factor, key)]
            self.met.update([(a, b) for a in own for b in own if a[0] < b[0]])

    def learn_output(self, structure: Structure) -> None:
        """Learn from what a graph output begins with."""
        self.foremost |= carried(structure.layout[:1])

    def _learn_relation(self, carries: Keys, relation: Relation) -> None:
        if isinstance(relation, Prefix):
            self.recurrent |= carries
        elif isinstance(relation, Taps) and not relation.selects:
            if len(carries) == 1:
                self.windowed |= carries
                return
            # A window over samples and positions in one axis is about the positions.
            folded = {key for key in carries if key[1] == 0 and any(k[0] == key[0] for k in carries - {key})}
            self.windowed |= carries - folded
            self.rearranged |= folded
        else:
            self.rearranged |= carries

    def _learn_channel(self, source: Structure, number: int) -> None:
        """The first convolution or Linear decides; there is none where it contracts no axis of the input as a whole."""
        carries = carried(source.layout[number : number + 1])
        if not carries:
            for name in source.inputs:
                self.channel.setdefault(name, None)
            return
        elsewhere = carried((*source.layout[:number], *source.layout[number + 1 :]))
        for name in source.inputs:
            # Patches and frames are parts of axes of positions, the rest of which goes on.
            axes = [key[1] for key in carries - elsewhere if key[0] == name]
            if axes or not any(key[0] == name for key in carries):
                self.channel.setdefault(name, axes[0] if len(axes) == 1 else None)
        # A Linear over any other axis mixes positions.
        self.rearranged |= {key for key in carries if self.channel.get(key[0]) != key[1]}
