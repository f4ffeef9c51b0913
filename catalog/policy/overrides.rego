# What the overrides of a composition may change (Property 16): the same rule as composer/overrides.py, for OPA.
# input: overrides (a tree), optional (capabilities that may be switched), profiles, permits (path, reason, approver, expires), today.
package catalog.overrides

# Every path to a value that is no filled mapping; lists, nulls and empty mappings are values.
leaves contains {"path": path, "value": value} if {
	walk(input.overrides, [path, value])
	count(path) > 0
	every key in path {
		is_string(key) # an index: what is in a list is a part of its value
	}
	not branch(value)
}

branch(value) if {
	is_object(value)
	count(value) > 0
}

deny contains {"path": concat(".", leaf.path), "why": "key"} if {
	some leaf in leaves
	dotted(leaf.path)
}

deny contains {"path": concat(".", leaf.path), "why": "value"} if {
	some leaf in leaves
	not dotted(leaf.path)
	allowed(leaf.path)
	not fits(leaf.path, leaf.value)
}

deny contains {"path": joined, "why": "protected"} if {
	some joined in guarded
	count(ends(joined)) == 0
}

deny contains {"path": joined, "why": "expired"} if {
	some joined in guarded
	count(ends(joined)) > 0
	max(ends(joined)) < input.today
}

guarded contains concat(".", leaf.path) if {
	some leaf in leaves
	not dotted(leaf.path)
	not allowed(leaf.path)
}

dotted(path) if {
	some key in path
	contains(key, ".")
}

dotted(path) if "" in path

allowed(["compute_profile", "default"])

allowed(["capabilities", name]) if name in input.optional

fits(["compute_profile", "default"], value) if {
	is_string(value)
	value in input.profiles
}

fits(["capabilities", _], value) if is_boolean(value)

# The last days of the permits of a path, as ISO dates, which sort as they follow.
ends(joined) := [permit.expires |
	some permit in input.permits
	permit.path == joined
	trim_space(permit.reason) != ""
	trim_space(permit.approver) != ""
]
