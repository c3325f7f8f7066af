"""Broken firmware of the app mdns: each mutant is one deliberate bug, and the testplans that must notice it."""

from tests.mutants.catalog import PICOLINK, Mutant

MDNS = "testplans/test_mdns.py::"
AP_FOUND = MDNS + "test_client_finds_the_ap_by_its_name"
CLIENT_FOUND = MDNS + "test_ap_finds_a_client_by_its_name"
WHO = MDNS + "test_who_is_answered_with_the_names_and_registers_nobody"

MUTANTS = (
    Mutant(
        "mdns-name-taken-when-it-is-too-late",
        PICOLINK + "mdns.py",
        "    network.hostname(name)\n",
        "    network.WLAN(network.STA_IF).active(True)\n    network.hostname(name)\n",
        (
            MDNS + "test_nobody_answers_for_names_of_others",
            MDNS + "test_the_bench_finds_every_board",
            CLIENT_FOUND,
        ),
        healthy=(AP_FOUND,),
    ),
    Mutant(
        "mdns-one-name-for-all",
        "mdns/client.py",
        "unique_id()[-6:]",
        "unique_id()[:4]",
        (MDNS + "test_every_board_has_a_name_of_its_own", MDNS + "test_clients_find_each_other"),
        healthy=(AP_FOUND, CLIENT_FOUND),
    ),
    Mutant(
        "mdns-ap-without-a-name",
        "mdns/ap.py",
        "    take_hostname(settings.ap_name)\n",
        "",
        (AP_FOUND, MDNS + "test_the_bench_finds_every_board"),
        healthy=(),
    ),
    Mutant(
        "mdns-address-known-beforehand",
        PICOLINK + "mdns.py",
        "        return address\n",
        '        return "192.168.4.1"\n',
        (CLIENT_FOUND, MDNS + "test_clients_find_each_other"),
        healthy=(AP_FOUND,),
    ),
    Mutant(
        "mdns-client-looks-up-the-ap-only",
        "mdns/client.py",
        "self._book.want([self._ap_name] + [name for name in self._listed if name != self._name])",
        "self._book.want([self._ap_name])",
        (
            MDNS + "test_clients_find_each_other",
            MDNS + "test_a_board_without_power_is_not_found_and_found_again_when_it_is_back",
            MDNS + "test_a_listed_name_that_nobody_answers_for_is_said",
        ),
        healthy=(AP_FOUND, CLIENT_FOUND),
    ),
    Mutant(
        "mdns-client-looks-up-itself",
        "mdns/client.py",
        "[name for name in self._listed if name != self._name]",
        "self._listed",
        (MDNS + "test_clients_find_each_other",),
        healthy=(AP_FOUND, CLIENT_FOUND),
    ),
    Mutant(
        "mdns-ap-looks-nobody-up",
        "mdns/ap.py",
        "            self._book.ask(message.id, sender[0])\n",
        "",
        (CLIENT_FOUND,),
        healthy=(AP_FOUND,),
    ),
    Mutant(
        "mdns-address-book-never-forgets",
        PICOLINK + "address_book.py",
        "kept = [entry for entry in self._entries if entry.name in names]",
        "kept = self._entries",
        (MDNS + "test_client_finds_an_ap_that_comes_back",),
        healthy=(AP_FOUND, CLIENT_FOUND),
    ),
    Mutant(
        "mdns-old-addresses-after-rejoining",
        "mdns/client.py",
        "        self._book.want([])\n",
        "",
        (MDNS + "test_client_finds_an_ap_that_comes_back",),
        healthy=(AP_FOUND, CLIENT_FOUND),
    ),
    Mutant(
        "mdns-list-never-forgets",
        PICOLINK + "timing.py",
        "NODE_SILENT_MS = 15000",
        "NODE_SILENT_MS = 15000000",
        (MDNS + "test_a_board_that_is_gone_is_listed_no_more",),
        healthy=(AP_FOUND, CLIENT_FOUND),
    ),
    Mutant(
        "mdns-who-told-another-order",
        "mdns/ap.py",
        "wire.names(self.peers.ids())",
        "wire.names(self.peers.ids()[::-1])",
        (WHO,),
        healthy=(AP_FOUND, CLIENT_FOUND),
    ),
    Mutant(
        "mdns-dies-when-nobody-answers",
        PICOLINK + "mdns.py",
        "    except OSError:",
        "    except KeyError:",
        (
            MDNS + "test_a_name_that_nobody_answers_for_does_not_stop_the_ap",
            MDNS + "test_a_listed_name_that_nobody_answers_for_is_said",
        ),
        healthy=(AP_FOUND, CLIENT_FOUND),
    ),
    Mutant(
        "mdns-hello-needs-no-name",
        "mdns/ap.py",
        'if message.word == "HELLO" and not message.id:',
        "if False:",
        (MDNS + "test_malformed_datagram_does_not_stop_the_ap[hello-without-name]",),
        healthy=(WHO,),
    ),
    Mutant(
        "mdns-anybody-is-believed",
        "mdns/client.py",
        "if sender != (self._book.where(self._ap_name), self._ap_port):",
        "if False:",
        (MDNS + "test_client_believes_only_the_ap",),
        healthy=(CLIENT_FOUND,),
    ),
)
