"""What `werkzeug.routing.matcher` has, from its homes."""

from demijohn.routing import NoMatch, RequestAliasRedirect, RequestPath, Rule, StateMachineMatcher, ValidationError
