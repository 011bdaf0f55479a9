"""Names of the formats of page definitions. site.js writes them; here is what a definition may say."""

# those of charts are functions of the site under the same names
CHART_FORMATS = ("money", "money_exact", "number", "compact", "decimal", "percent", "weeks", "days")
