-- Users of programs: a key pair alone, no password, no login by a person. Repeatable: a changed public key is set again, and a second one
-- stands beside the first while keys are rotated.
-- Variables: prefix, loader_public_key, transformer_public_key, reporter_public_key; and ..._2 of each while it is rotated, else empty.
{% for user, warehouse, key, second_key in [
    ("loader", "loading", loader_public_key, loader_public_key_2),
    ("transformer", "transforming", transformer_public_key, transformer_public_key_2),
    ("reporter", "reporting", reporter_public_key, reporter_public_key_2),
] %}
create user if not exists {{ prefix }}retail_{{ user }}
    type = service
    default_role = {{ prefix }}{{ user }}
    default_warehouse = {{ prefix }}{{ warehouse }}
    comment = 'Service user of role {{ prefix }}{{ user }}';

alter user {{ prefix }}retail_{{ user }} set rsa_public_key = '{{ key }}';
{% if second_key %}
alter user {{ prefix }}retail_{{ user }} set rsa_public_key_2 = '{{ second_key }}';
{% else %}
alter user {{ prefix }}retail_{{ user }} unset rsa_public_key_2;
{% endif %}
{% endfor %}
