"""Broken firmware of the apps without roles: tcp, node_list, wireless_bus and mesh."""

from tests.mutants.catalog import PICOLINK, Mutant

TCP = "testplans/test_tcp.py::"
NODE_LIST = "testplans/test_node_list.py::"
BUS = "testplans/test_wireless_bus.py::"
MESH = "testplans/test_mesh.py::"

TCP_ALIVE = TCP + "test_both_texts_are_on_both_consoles"
NODE_LIST_ALIVE = NODE_LIST + "test_who_is_answered_and_registers_nobody"
BUS_ALIVE = BUS + "test_every_pair_has_exchanged_a_message"
BUS_TALKS_BACK = BUS + "test_client_answers_who_talks_to_it_whatever_the_ap_knows"
MESH_ALIVE = MESH + "test_all_know_all"

MUTANTS = (
    # App tcp.
    Mutant(
        "tcp-ap-prints-no-text",
        "tcp/ap.py",
        """    log(f'heard peer={client_ip} text="{text}"')\n""",
        "",
        (TCP_ALIVE, TCP + "test_text_that_comes_in_pieces_is_one_text"),
        healthy=(TCP + "test_client_comes_again",),
    ),
    Mutant(
        "tcp-serves-one-client",
        "tcp/ap.py",
        "                serve_next(listener, uptime, ip)\n",
        "                serve_next(listener, uptime, ip)\n                time.sleep(3600)\n",
        (
            TCP + "test_client_comes_again",
            TCP + "test_second_client_is_served_after_the_first",
            TCP + "test_clients_that_come_together_are_all_served",
        ),
        healthy=(TCP_ALIVE,),
    ),
    Mutant(
        "tcp-without-time-out",
        PICOLINK + "stream.py",
        "self._connection.settimeout(left_ms / 1000)",
        "self._connection.settimeout(None)",
        (
            TCP + "test_peer_that_says_nothing_does_not_block_the_ap",
            TCP + "test_peer_that_vanishes_does_not_block_the_ap",
            TCP + "test_client_gives_up_an_ap_that_accepts_and_never_answers",
        ),
        healthy=(TCP_ALIVE,),
    ),
    Mutant(
        "tcp-time-out-of-each-read",
        PICOLINK + "stream.py",
        "left_ms = self._until_ms - self._uptime.now_ms()",
        "left_ms = 2000",
        (TCP + "test_peer_that_never_comes_to_an_end_does_not_block_the_ap",),
        healthy=(TCP_ALIVE, TCP + "test_peer_that_says_nothing_does_not_block_the_ap"),
    ),
    Mutant(
        "tcp-one-read-is-one-text",
        PICOLINK + "stream.py",
        'end = data.find(b"\\n")',
        "end = len(data) - 1",
        (TCP + "test_text_that_comes_in_pieces_is_one_text",),
        healthy=(TCP_ALIVE,),
    ),
    Mutant(
        "tcp-dies-on-malformed",
        "tcp/ap.py",
        "    except Malformed as malformed:",
        "    except KeyError as malformed:",
        (TCP + "test_malformed_text_does_not_stop_the_ap[not-utf8]",),
        healthy=(TCP_ALIVE,),
    ),
    Mutant(
        "tcp-silent-about-no-reply",
        "tcp/client.py",
        '                log(f"no-reply tries={self._tries} reason=no-wifi")\n',
        "",
        (TCP + "test_client_without_ap_says_so_and_recovers_when_it_appears",),
        healthy=(TCP_ALIVE,),
    ),
    Mutant(
        "tcp-dies-when-refused",
        "tcp/client.py",
        "except (OSError, Malformed) as error:",
        "except Malformed as error:",
        (TCP + "test_client_is_refused_while_the_program_of_the_ap_is_silent",),
        healthy=(TCP_ALIVE,),
    ),
    Mutant(
        "tcp-waits-for-ever-after-a-failure",
        "tcp/client.py",
        "            self._visit_ms = self._heard_ms = now_ms\n"
        "        if now_ms >= self._visit_ms:\n"
        "            answered = self._try_to_visit()\n"
        "            now_ms = self._uptime.now_ms()\n"
        "            self._visit_ms = now_ms + (VISIT_PERIOD_MS if answered else VISIT_RETRY_MS)",
        "            self._visit_ms, self._heard_ms = self._visit_ms if self._heard_ms else now_ms, now_ms\n"
        "        if now_ms >= self._visit_ms:\n"
        "            answered = self._try_to_visit()\n"
        "            now_ms = self._uptime.now_ms()\n"
        "            self._visit_ms = now_ms + (VISIT_PERIOD_MS if answered else 3600000)",
        (TCP + "test_client_recovers_when_the_ap_comes_back",),
        healthy=(TCP_ALIVE,),
    ),
    Mutant(
        "tcp-comes-once",
        "tcp/client.py",
        "(VISIT_PERIOD_MS if answered else VISIT_RETRY_MS)",
        "(3600000 if answered else VISIT_RETRY_MS)",
        (TCP + "test_client_comes_again",),
        healthy=(TCP_ALIVE,),
    ),
    # App node_list, and what it shares with the two below.
    Mutant(
        "nodes-listened-for-on-the-wrong-port",
        "node_list/client.py",
        "port = UdpPort(settings.discovery_port)",
        "port = UdpPort(settings.peer_port)",
        (NODE_LIST + "test_list_comes_to_every_client_every_period",),
        healthy=(NODE_LIST_ALIVE,),
    ),
    Mutant(
        "nodes-sent-to-the-wrong-port",
        "node_list/ap.py",
        "Announcer(uptime.now_ms(), port, settings.discovery_port)",
        "Announcer(uptime.now_ms(), port, settings.peer_port)",
        (NODE_LIST + "test_list_is_sent_to_where_clients_listen",),
        healthy=(NODE_LIST_ALIVE,),
    ),
    Mutant(
        "ap-sleeps-while-hellos-pile-up",
        "node_list/ap.py",
        "            self._announce_ms = now_ms + NODES_PERIOD_MS",
        "            self._announce_ms = now_ms + NODES_PERIOD_MS\n"
        '            __import__("time").sleep_ms(NODES_PERIOD_MS - 500)',
        (NODE_LIST + "test_ap_answers_at_any_time",),
        healthy=(NODE_LIST_ALIVE,),
    ),
    Mutant(
        "list-of-two",
        PICOLINK + "registry.py",
        "wire.nodes(self.peers.ips())",
        "wire.nodes(self.peers.ips()[:2])",
        (
            NODE_LIST + "test_every_client_sees_all_others",
            NODE_LIST + "test_clients_that_boot_together_see_each_other",
            BUS + "test_hello_is_answered_with_the_list",
        ),
        healthy=(NODE_LIST_ALIVE,),
    ),
    Mutant(
        "list-never-forgets",
        PICOLINK + "timing.py",
        "NODE_SILENT_MS = 15000",
        "NODE_SILENT_MS = 15000000",
        (
            NODE_LIST + "test_client_that_is_cut_disappears",
            MESH + "test_cut_client_is_gone_from_all_within_the_expiry",
            MESH + "test_clients_that_stay_know_each_other_whoever_comes_and_goes",
        ),
        healthy=(NODE_LIST_ALIVE, MESH_ALIVE),
    ),
    Mutant(
        "list-forgets-too-soon",
        PICOLINK + "timing.py",
        "NODE_SILENT_MS = 15000",
        "NODE_SILENT_MS = 4000",
        (
            NODE_LIST + "test_list_stays_as_it_is_while_nothing_happens",
            MESH + "test_client_that_reboots_quickly_has_not_been_away",
            MESH + "test_nothing_changes_while_nobody_comes_or_goes",
        ),
        healthy=(MESH_ALIVE,),
    ),
    Mutant(
        "list-order-of-a-set",
        PICOLINK + "peers.py",
        "return [peer.ip for peer in self._peers]",
        "return list({peer.ip for peer in self._peers})",
        (NODE_LIST + "test_order_is_that_of_first_hello",),
        healthy=(NODE_LIST_ALIVE,),
    ),
    Mutant(
        "list-order-of-addresses",
        PICOLINK + "peers.py",
        "return [peer.ip for peer in self._peers]",
        "return sorted([peer.ip for peer in self._peers])",
        (NODE_LIST + "test_order_is_that_of_first_hello",),
        healthy=(NODE_LIST_ALIVE,),
    ),
    Mutant(
        "ap-ignores-bye",
        PICOLINK + "registry.py",
        "peer = self.peers.forget(message.id, sender[0])",
        "peer = None",
        (NODE_LIST + "test_client_that_stops_disappears_from_the_next_list",),
        healthy=(NODE_LIST_ALIVE,),
    ),
    Mutant(
        "client-leaves-without-a-word",
        PICOLINK + "registration.py",
        "self.send_bye(self._ap)",
        "pass",
        (NODE_LIST + "test_client_that_stops_disappears_from_the_next_list",),
        healthy=(NODE_LIST_ALIVE,),
    ),
    Mutant(
        "registered-once",
        PICOLINK + "registration.py",
        "            self._due_ms = self._hello_ms + HELLO_PERIOD_MS",
        "            self._due_ms = self._hello_ms + 3600000",
        (
            NODE_LIST + "test_list_stays_as_it_is_while_nothing_happens",
            MESH + "test_who_has_registered_is_found_within_one_period",
        ),
        healthy=(NODE_LIST_ALIVE, MESH_ALIVE),
    ),
    Mutant(
        "not-registered-after-rejoin",
        PICOLINK + "registration.py",
        "        self.ip = ip\n",
        '        self.ip = "" if self._heard_ms else ip\n',
        (
            NODE_LIST + "test_list_is_whole_again_after_the_ap_restarts",
            BUS + "test_peers_talk_again_after_the_ap_restarts",
            MESH + "test_all_know_all_after_the_ap_restarts",
        ),
        healthy=(NODE_LIST_ALIVE, BUS_ALIVE, MESH_ALIVE),
    ),
    Mutant(
        "who-registers-without-roles",
        PICOLINK + "registry.py",
        'elif message.word == "WHO":\n            self.send_list(sender)',
        'elif message.word == "WHO":\n            self.received(now_ms, wire.parse(b"HELLO"), sender)',
        (NODE_LIST_ALIVE,),
        healthy=(NODE_LIST + "test_every_client_sees_all_others",),
    ),
    Mutant(
        "registering-needs-id",
        PICOLINK + "registry.py",
        '        if message.word == "HELLO":\n',
        '        if message.word == "HELLO" and message.id:\n',
        (NODE_LIST + "test_hello_is_answered_with_the_list", BUS + "test_hello_is_answered_with_the_list"),
        healthy=(NODE_LIST_ALIVE, BUS_ALIVE),
    ),
    Mutant(
        "apps-die-on-malformed",
        PICOLINK + "node.py",
        "except wire.Malformed as malformed:",
        "except KeyError as malformed:",
        (
            NODE_LIST + "test_malformed_datagram_does_not_stop_the_ap[empty]",
            NODE_LIST + "test_malformed_datagram_does_not_stop_a_client[bad-address]",
            BUS + "test_malformed_datagram_does_not_stop_a_client[bad-number]",
        ),
        healthy=(NODE_LIST_ALIVE, BUS_ALIVE),
    ),
    Mutant(
        "any-list-is-believed",
        PICOLINK + "registration.py",
        "if sender != self._ap:",
        "if False:",
        (
            NODE_LIST + "test_malformed_datagram_does_not_stop_a_client[not-from-the-ap]",
            BUS + "test_malformed_datagram_does_not_stop_a_client[not-from-the-ap]",
        ),
        healthy=(NODE_LIST_ALIVE, BUS_ALIVE),
    ),
    # Apps wireless_bus and mesh.
    Mutant(
        "bus-listens-to-no-introduction",
        PICOLINK + "bus.py",
        "self._listed = [ip for ip in order if ip != self._registration.ip]",
        "self._listed = []",
        (
            BUS_ALIVE,
            BUS + "test_clients_that_boot_together_find_each_other",
            BUS + "test_clients_talk_to_who_has_said_hello_from_port_to_port",
            MESH_ALIVE,
            MESH + "test_clients_that_boot_together_know_each_other",
            MESH + "test_late_joiner_is_known_to_all_within_one_period",
        ),
        healthy=(BUS_TALKS_BACK,),
    ),
    Mutant(
        "bus-talks-once",
        PICOLINK + "bus.py",
        "self._say_ms = now_ms + SAY_PERIOD_MS",
        "self._say_ms = now_ms + 3600000",
        (
            BUS + "test_clients_go_on_talking",
            BUS + "test_peers_go_on_while_the_program_of_the_ap_is_silent",
        ),
        healthy=(BUS_ALIVE,),
    ),
    Mutant(
        "bus-needs-the-program-of-the-ap",
        PICOLINK + "bus.py",
        "            self._registration.heard(now_ms)\n            self._hear(",
        "            self._hear(",
        (
            BUS + "test_peers_go_on_while_the_program_of_the_ap_is_silent",
            MESH + "test_members_stay_while_the_program_of_the_ap_is_silent",
        ),
        healthy=(BUS_ALIVE, MESH_ALIVE),
    ),
    Mutant(
        "bus-numbers-must-rise-over-a-reboot",
        PICOLINK + "bus.py",
        "        self.on_saying(peer, message.seq)",
        '        last = getattr(peer, "seq", -1)\n'
        "        peer.seq = max(last, message.seq)\n"
        "        if message.seq > last:\n"
        "            self.on_saying(peer, message.seq)",
        (BUS + "test_client_that_reboots_while_the_program_of_the_ap_is_silent_is_met_again",),
        healthy=(BUS_ALIVE, BUS + "test_clients_go_on_talking"),
    ),
    Mutant(
        "bus-does-not-talk-back",
        PICOLINK + "bus.py",
        "            self._say_to(ip)\n            self.on_change()",
        "            self.on_change()",
        (BUS_TALKS_BACK,),
        healthy=(MESH_ALIVE,),
    ),
    Mutant(
        "bus-ignores-bye",
        PICOLINK + "bus.py",
        "if self.peers.forget(message.id, sender[0]) is not None:",
        "if False:",
        (
            MESH + "test_client_that_stops_is_gone_at_once",
            MESH + "test_member_is_who_is_heard_until_it_says_bye",
        ),
        healthy=(MESH_ALIVE,),
    ),
    Mutant(
        "bus-believes-the-list",
        PICOLINK + "bus.py",
        "            self._take_list(message.order)\n",
        "            self._take_list(message.order)\n"
        "            for ip in self._listed:\n"
        '                if self.peers.heard(now_ms, "", ip):\n'
        "                    self.on_change()\n",
        (MESH + "test_who_is_only_in_the_list_is_no_member",),
        healthy=(MESH_ALIVE,),
    ),
)
