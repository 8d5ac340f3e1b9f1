"""The two database roles, and what the database itself refuses."""

from django.db import migrations

# The application's role gets no DDL, and may neither change nor delete history. Where the migrating role
# may not create roles, the operator has made them (see the README) or runs with one role, and a check says so.
ROLES = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'casetracker')
       AND (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        CREATE ROLE casetracker NOLOGIN;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'casetracker') AND current_user <> 'casetracker' THEN
        GRANT USAGE ON SCHEMA public TO casetracker;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO casetracker;
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO casetracker;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO casetracker;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO casetracker;
        REVOKE UPDATE, DELETE, TRUNCATE ON casetracker_event, casetracker_custody FROM casetracker;
        REVOKE UPDATE, DELETE, TRUNCATE ON casetracker_evidence, casetracker_letter FROM casetracker;
        REVOKE DELETE, TRUNCATE ON casetracker_delivery FROM casetracker;
    END IF;
END $$;
"""

APPEND_ONLY = """
CREATE FUNCTION casetracker_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON casetracker_event
    FOR EACH ROW EXECUTE FUNCTION casetracker_append_only();
CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON casetracker_event
    FOR EACH STATEMENT EXECUTE FUNCTION casetracker_append_only();
CREATE TRIGGER custody_append_only BEFORE UPDATE OR DELETE ON casetracker_custody
    FOR EACH ROW EXECUTE FUNCTION casetracker_append_only();
CREATE TRIGGER custody_no_truncate BEFORE TRUNCATE ON casetracker_custody
    FOR EACH STATEMENT EXECUTE FUNCTION casetracker_append_only();
CREATE TRIGGER letter_append_only BEFORE UPDATE OR DELETE ON casetracker_letter
    FOR EACH ROW EXECUTE FUNCTION casetracker_append_only();
CREATE TRIGGER evidence_append_only BEFORE UPDATE OR DELETE ON casetracker_evidence
    FOR EACH ROW EXECUTE FUNCTION casetracker_append_only();
"""

# One chain per subject: position and hash are set here and nowhere else. Two writers of one subject at once
# would take the same position and the unique constraint refuses the second; the workflow's row lock keeps
# that from happening.
CHAIN = """
CREATE FUNCTION casetracker_event_hash(e casetracker_event) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(
        e.prev_hash || jsonb_build_array(
            e.subject_type, e.subject_id, e.subject_label, e.seq, extract(epoch FROM e.at),
            e.actor_id, e.actor_name, e.actor_unit, e.verb, e.before, e.after, e.details)::text, 'UTF8')), 'hex')
$$;

CREATE FUNCTION casetracker_event_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head casetracker_event;
BEGIN
    SELECT * INTO head FROM casetracker_event
        WHERE subject_type = NEW.subject_type AND subject_id = NEW.subject_id ORDER BY seq DESC LIMIT 1;
    NEW.seq := coalesce(head.seq, 0) + 1;
    NEW.prev_hash := coalesce(head.hash, '');
    NEW.hash := casetracker_event_hash(NEW);
    RETURN NEW;
END $$;

CREATE TRIGGER event_chain BEFORE INSERT ON casetracker_event
    FOR EACH ROW EXECUTE FUNCTION casetracker_event_chain();
"""

DELIVERY = """
CREATE FUNCTION casetracker_delivery_arrows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a delivery is never deleted' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.kind, NEW.period, NEW.person_id, NEW.channel, NEW.message_id, NEW.created_at)
       IS DISTINCT FROM (OLD.kind, OLD.period, OLD.person_id, OLD.channel, OLD.message_id, OLD.created_at)
       OR NEW.subject IS DISTINCT FROM OLD.subject THEN
        RAISE EXCEPTION 'what a delivery is about never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state = NEW.state AND OLD.state IN ('pending', 'claimed', 'handing_over') THEN
        RETURN NEW;
    END IF;
    IF (OLD.state, NEW.state) IN (
        ('pending', 'claimed'), ('pending', 'cancelled'),
        ('claimed', 'pending'), ('claimed', 'handing_over'), ('claimed', 'cancelled'),
        ('handing_over', 'sent'), ('handing_over', 'pending'), ('handing_over', 'failed'),
        ('handing_over', 'in_doubt')) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'no way from % to %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER delivery_arrows BEFORE UPDATE OR DELETE ON casetracker_delivery
    FOR EACH ROW EXECUTE FUNCTION casetracker_delivery_arrows();
"""

UNDO = """
DROP TRIGGER delivery_arrows ON casetracker_delivery;
DROP FUNCTION casetracker_delivery_arrows();
DROP TRIGGER event_chain ON casetracker_event;
DROP FUNCTION casetracker_event_chain();
DROP FUNCTION casetracker_event_hash(casetracker_event);
DROP FUNCTION casetracker_append_only() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("casetracker", "0001_initial")]

    operations = [
        migrations.RunSQL(ROLES, migrations.RunSQL.noop),
        migrations.RunSQL(APPEND_ONLY + CHAIN + DELIVERY, UNDO),
    ]
