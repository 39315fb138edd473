"""stub."""


class Brands:
    pass


def named_services():
    pass
