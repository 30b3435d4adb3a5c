# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the interoperability tests.

The router under test is Godwit, from $GODWIT_PREFIX. $GODWIT_TEST_DUT names another kind (bird,
frr) in its place, which is how the tests themselves are checked.
"""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import lab as lab_module  # noqa: E402
import routers  # noqa: E402

DUT = os.environ.get("GODWIT_TEST_DUT", "godwit")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than half a minute")


def pytest_report_header(config):
    return "router under test: %s %s" % (DUT, routers.PREFIX)


def pytest_collection_modifyitems(config, items):
    reason = routers.KINDS[DUT].missing()
    if os.geteuid() != 0:
        reason = "network namespaces need root"
    if reason:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """After a failure, the ends of all logs of the test's hosts."""
    report = (yield).get_result()
    the_lab = getattr(item, "funcargs", {}).get("lab")
    if report.failed and the_lab:
        for s in the_lab.speakers:
            report.sections.append(("speaker %s" % s.local, "%s %r" % (s.state, s.log[-20:])))
        for h in the_lab.hosts.values():
            for name in sorted(os.listdir(h.dir)):
                if name.endswith((".log", ".conf")):
                    report.sections.append(("%s %s" % (h.name, name), h.read(name)[-3000:]))


@pytest.fixture
def lab(tmp_path):
    # Daemons that give up root have to reach their files below this.
    for p in (tmp_path, *tmp_path.parents):
        if os.stat(p).st_uid == os.geteuid() and "pytest" in str(p):
            os.chmod(p, 0o755)
    the_lab = lab_module.Lab(tmp_path)
    yield the_lab
    the_lab.close()


@pytest.fixture
def router(lab):
    """router(kind, host, asn, router_id, sessions, routes, ...): a configured router, not started.
    The kind "dut" is the one under test."""
    def make(kind, *args, **kw):
        cls = routers.KINDS[DUT if kind == "dut" else kind]
        why = cls.missing()
        if why:
            pytest.skip(why)
        return cls(*args, **kw)
    return make


@pytest.fixture
def speaker(lab):
    """speaker(host, local, remote, asn, router_id, ...): a started rawbgp.Speaker."""
    import rawbgp
    made = []

    def make(*args, **kw):
        s = rawbgp.Speaker(*args, **kw).start()
        made.append(s)
        lab.speakers.append(s)
        return s
    yield make
    for s in made:
        s.stop()
