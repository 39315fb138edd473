"""Says which services a message names: by its sender, its words, the site that its code is bound to, known templates."""

from numbank.codes.services.hints import Hint, HintError, HintKind, check_hint
from numbank.codes.services.knowledge import Usual
from numbank.codes.services.named import Service, named_services, service_of
from numbank.codes.services.names import Brands, own_brands
from numbank.codes.services.usual import usual

__all__ = [
    "Brands",
    "Hint",
    "HintError",
    "HintKind",
    "Service",
    "Usual",
    "check_hint",
    "named_services",
    "own_brands",
    "service_of",
    "usual",
]
