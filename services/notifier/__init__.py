"""Decides who is told what, when and in which words, and delivers it; or stays silent.

Every message is first decided and written down with a fixed Message-ID, then sent, then its outcome is written down: an
essential message is never lost, a kind one never comes twice, and nobody is woken. Words live in `templates/`.
"""
