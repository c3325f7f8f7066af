# As much of unittest as MicroPython's own tests use; on the board, under /lib.
import sys


class SkipTest(Exception):
    pass


class _Raises:
    def __init__(self, expected):
        self.expected = expected

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.exception = value
        if kind is None:
            raise AssertionError("%r not raised" % self.expected)
        return issubclass(kind, self.expected)


class _SubTest:
    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        return False


class TestCase:
    def setUp(self):
        pass

    def tearDown(self):
        pass

    @classmethod
    def setUpClass(cls):
        pass

    @classmethod
    def tearDownClass(cls):
        pass

    def fail(self, msg=""):
        raise AssertionError(msg)

    def skipTest(self, reason):
        raise SkipTest(reason)

    def subTest(self, *args, **kwargs):
        return _SubTest()

    def _check(self, ok, msg):
        if not ok:
            raise AssertionError(msg)

    def assertEqual(self, x, y, msg=""):
        self._check(x == y, msg or "%r != %r" % (x, y))

    def assertNotEqual(self, x, y, msg=""):
        self._check(x != y, msg or "%r == %r" % (x, y))

    def assertTrue(self, x, msg=""):
        self._check(x, msg or "%r is false" % (x,))

    def assertFalse(self, x, msg=""):
        self._check(not x, msg or "%r is true" % (x,))

    def assertIs(self, x, y, msg=""):
        self._check(x is y, msg or "%r is not %r" % (x, y))

    def assertIsNot(self, x, y, msg=""):
        self._check(x is not y, msg or "%r is %r" % (x, y))

    def assertIsNone(self, x, msg=""):
        self._check(x is None, msg or "%r is not None" % (x,))

    def assertIsNotNone(self, x, msg=""):
        self._check(x is not None, msg or "is None")

    def assertIn(self, x, y, msg=""):
        self._check(x in y, msg or "%r not in %r" % (x, y))

    def assertNotIn(self, x, y, msg=""):
        self._check(x not in y, msg or "%r in %r" % (x, y))

    def assertIsInstance(self, x, y, msg=""):
        self._check(isinstance(x, y), msg or "%r is no %r" % (x, y))

    def assertLess(self, x, y, msg=""):
        self._check(x < y, msg or "%r >= %r" % (x, y))

    def assertLessEqual(self, x, y, msg=""):
        self._check(x <= y, msg or "%r > %r" % (x, y))

    def assertGreater(self, x, y, msg=""):
        self._check(x > y, msg or "%r <= %r" % (x, y))

    def assertGreaterEqual(self, x, y, msg=""):
        self._check(x >= y, msg or "%r < %r" % (x, y))

    def assertAlmostEqual(self, x, y, places=None, msg="", delta=None):
        near = abs(x - y) <= delta if delta is not None else round(abs(x - y), places or 7) == 0
        self._check(near, msg or "%r is far from %r" % (x, y))

    def assertRaises(self, expected, function=None, *args, **kwargs):
        if function is None:
            return _Raises(expected)
        with _Raises(expected):
            function(*args, **kwargs)


def skip(reason):
    def decorate(function):
        def skipped(self):
            raise SkipTest(reason)

        return skipped

    return decorate


def skipIf(condition, reason):
    return skip(reason) if condition else lambda function: function


def skipUnless(condition, reason):
    return skipIf(not condition, reason)


def main(module="__main__"):
    tests = failed = skipped = 0
    names = __import__(module).__dict__
    for name in sorted(names):
        case = names[name]
        if not (isinstance(case, type) and issubclass(case, TestCase) and case is not TestCase):
            continue
        case.setUpClass()
        for test in sorted(dir(case)):
            if not test.startswith("test"):
                continue
            tests += 1
            instance = case()
            try:
                instance.setUp()
                getattr(instance, test)()
                instance.tearDown()
            except SkipTest:
                skipped += 1
            except Exception as error:
                failed += 1
                print("FAIL:", test)
                sys.print_exception(error)
        case.tearDownClass()
    # As run-tests.py reads it.
    print("-" * 70)
    print("Ran %d tests\n" % tests)
    if failed:
        print("FAILED (failures=%d, errors=0)" % failed)
    else:
        print("OK (skipped=%d)" % skipped if skipped else "OK")
