"""Bundles of the Operator Lifecycle Manager: what they are made of, and what running one does (operator-sdk 1.39).

A bundle is made of the objects that its generator reads. Running a bundle's image deploys these objects; which bundle
an image holds is not followed: it is the one that the run has made last.
"""

from __future__ import annotations

from msgspec.structs import replace

from tagcheck.catalog import Effect, EffectKind
from tagcheck.engine.places import ROOT
from tagcheck.engine.terraform import Terraform
from tagcheck.events import Stage
from tagcheck.values import EMPTY, Text

_OBJECTS = ROOT + Text.of("/%bundle")
"""Where the objects are kept that the last bundle was made of."""


class Bundles(Terraform):
    """A run that knows bundles."""

    def bundled(self, effect: Effect) -> None:
        if effect.kind is EffectKind.BUNDLED:
            folder = self.folder(effect.path or EMPTY)
            # What lies in the folder is what an earlier run has made.
            self.applied_files.update(self.program.below(folder) if folder else ())
            self.write_file(_OBJECTS, EMPTY if self.standard_input is None else self.standard_input)
            return
        self.uses_cluster = True
        for image in effect.images:
            self.record(Stage.DEPLOYED, image, replace(effect, kind=EffectKind.DEPLOYED), workload=f"Bundle/{image}")
        objects = self.read_file(_OBJECTS)
        if objects is not None:
            self.deploy(objects)
