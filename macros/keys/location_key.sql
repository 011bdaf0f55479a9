{#-
    Purpose: the key of dim_locations, from what names a place; null where nothing does. Case does not tell places apart.
    Parameters: city, state, postal_code, country (text expressions).
    Usage: {{ location_key('city', 'state', 'postal_code', 'country') }} as location_key
-#}
{% macro location_key(city, state, postal_code, country) -%}
    case
        when coalesce({{ city }}, {{ state }}, {{ postal_code }}, {{ country }}) is not null
            then {{ surrogate_key(['lower(' ~ city ~ ')', 'lower(' ~ state ~ ')', 'lower(' ~ postal_code ~ ')', 'lower(' ~ country ~ ')']) }}
    end
{%- endmacro %}
