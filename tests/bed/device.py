#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A device with a login of its own making: an ssh server that asks as it
likes, counts what it is told, and can be any of the hostile ones.

usage: device.py ADDRESS HOSTKEY LOG PASSWORD HOW
HOW: password, interactive, twice (asks again after the right answer), later
(asks for it in the shell), other (asks for a token), echo (prints what it
got), both (offers both ways and takes none)."""
import socket
import sys
import threading

import paramiko

ADDRESS, HOSTKEY, LOG, PASSWORD, HOW = sys.argv[1:]


def note(*words):
    with open(LOG, "a", encoding="utf-8") as log:
        print(*words, file=log, flush=True)


class Device(paramiko.ServerInterface):
    asked = 0

    def get_allowed_auths(self, username):
        return {"password": "password", "echo": "password",
                "later": "password",
                "both": "password,keyboard-interactive"}.get(
                    HOW, "keyboard-interactive")

    def judge(self, told):
        self.asked += 1
        right = told == PASSWORD and HOW != "both"
        note("told", "right" if right else "wrong", len(told))
        return (paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED)

    def check_auth_password(self, username, password):
        return self.judge(password)

    @staticmethod
    def question(text):
        return paramiko.InteractiveQuery("", "", (text, False))

    def check_auth_interactive(self, username, submethods):
        return self.question("Token: " if HOW == "other" else "Password: ")

    def check_auth_interactive_response(self, responses):
        did = self.judge(responses[0] if responses else "")
        if HOW == "twice" and self.asked == 1:
            return self.question("Password: ")
        return did

    def check_channel_request(self, kind, chanid):
        return (paramiko.OPEN_SUCCEEDED if kind == "session" else
                paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED)

    def check_channel_exec_request(self, channel, command):
        threading.Thread(target=self.work, args=(channel,),
                         daemon=True).start()
        return True

    check_channel_shell_request = None

    def work(self, channel):
        if HOW == "later":
            channel.sendall(b"Password: ")
            channel.settimeout(1)
            try:
                note("shell got", len(channel.recv(4096)))
            except socket.timeout:
                note("shell got", 0)
        if HOW == "echo":
            channel.sendall(PASSWORD.encode() + b"\n")
        channel.sendall(b"done\n")
        channel.send_exit_status(0)
        channel.close()


def serve(connection, key):
    transport = paramiko.Transport(connection)
    transport.add_server_key(key)
    try:
        transport.start_server(server=Device())
        transport.join(30)
    except (paramiko.SSHException, EOFError, OSError):
        pass


def main():
    key = paramiko.Ed25519Key(filename=HOSTKEY)
    listener = socket.create_server((ADDRESS, 22), backlog=16)
    note("up")
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, key),
                         daemon=True).start()


main()
