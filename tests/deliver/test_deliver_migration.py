"""An older library is migrated, and delivers."""

from digest.store import migrations
from tests.deliver.mail_home import NOW, MailHome
from tests.deliver.smtp_server import ScriptedServer
from tests.homes import page


def test_an_older_library_gets_its_outbox(home: MailHome, monkeypatch):
    home.subscribe("kelp", "kelp", email=["a@x.test"])
    home.run(NOW)
    for table in ("outbox", "suppression", "secret", "delivery"):
        home.change(f"drop table {table}")
    monkeypatch.setattr(migrations, "MIGRATIONS", (migrations._add_delivery,))
    home.change("update schema_version set version = 1")
    home.put("2026-11-17.txt", page("Kelp Again", day="Nov 17"))
    with ScriptedServer() as server:
        home.settings(server.port)
        assert home.run("2026-11-21T09:00")["delivery"]["sent"] == 1
