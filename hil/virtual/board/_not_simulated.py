# Stands for a part of a Pico W that a virtual board does not have. Its name can be imported; whoever uses it is told.
class NotSimulated:
    def __init__(self, name):
        self._name = name

    def _refuse(self, *args, **options):
        raise NotImplementedError(
            "%s is not simulated on a virtual board; test firmware that needs it on a real one" % self._name
        )

    __call__ = __getitem__ = __setitem__ = __getattr__ = _refuse
