# SPDX-License-Identifier: BSD-2-Clause
# Numbered SQL files as C strings: one { number, name, text } a file, in the
# order of the arguments. Comments and indentation are left out.
function name_of(path) { sub(/.*\//, "", path); return path }
FNR == 1 {
	if (open) print "\"\" },"
	name = name_of(FILENAME)
	printf "{ %d, \"%s\",\n", substr(name, 1, 4), name
	open = 1
}
{
	sub(/[ \t]*--.*$/, "")
	sub(/^[ \t]+/, "")
	if ($0 == "") next
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	printf "\"%s\\n\"\n", $0
}
END { if (open) print "\"\" }," }
