/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <cmath>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <jansson.h>
#include <toml++/toml.h>

#include "lib/conf/toml_shim.h"

namespace {

json_t *checked (json_t *o)
{
    if (!o)
        throw std::runtime_error ("a string is not UTF-8, or memory is out");
    return o;
}

json_t *convert (const toml::node &node);

json_t *convert_table (const toml::table &table)
{
    json_t *o = checked (json_object ());

    try {
        for (const auto &[key, value] : table) {
            std::string name (key.str ());
            if (name.size () != strlen (name.c_str ()))
                throw std::runtime_error ("a key has a NUL in it");
            if (json_object_set_new (o, name.c_str (), convert (value)) < 0)
                throw std::runtime_error ("a key is not UTF-8, or memory is out");
        }
    } catch (...) {
        json_decref (o);
        throw;
    }
    return o;
}

json_t *convert_array (const toml::array &array)
{
    json_t *o = checked (json_array ());

    try {
        for (const auto &value : array)
            if (json_array_append_new (o, convert (value)) < 0)
                throw std::bad_alloc ();
    } catch (...) {
        json_decref (o);
        throw;
    }
    return o;
}

template <typename T> json_t *convert_time (const T &value)
{
    std::ostringstream text;

    text << value;
    return checked (json_pack ("{s:s}", "iso-8601-ts", text.str ().c_str ()));
}

json_t *convert_real (double value)
{
    if (!std::isfinite (value))
        throw std::runtime_error ("inf and nan cannot be values");
    return checked (json_real (value));
}

json_t *convert (const toml::node &node)
{
    switch (node.type ()) {
    case toml::node_type::table:
        return convert_table (*node.as_table ());
    case toml::node_type::array:
        return convert_array (*node.as_array ());
    case toml::node_type::string: {
        const std::string &s = node.as_string ()->get ();
        return checked (json_stringn (s.data (), s.size ()));
    }
    case toml::node_type::integer:
        return checked (json_integer (node.as_integer ()->get ()));
    case toml::node_type::floating_point:
        return convert_real (node.as_floating_point ()->get ());
    case toml::node_type::boolean:
        return json_boolean (node.as_boolean ()->get ());
    case toml::node_type::date:
        return convert_time (node.as_date ()->get ());
    case toml::node_type::time:
        return convert_time (node.as_time ()->get ());
    case toml::node_type::date_time:
        return convert_time (node.as_date_time ()->get ());
    default:
        throw std::runtime_error ("a value of no known type");
    }
}

} // namespace

char *flux_toml_to_json (const char *text, size_t len, char *error, size_t error_size,
                         unsigned *line)
{
    *line = 0;
    try {
        toml::table table = toml::parse (std::string_view (text, len));
        json_t *o = convert_table (table);
        char *json = json_dumps (o, JSON_COMPACT);
        json_decref (o);
        if (!json)
            snprintf (error, error_size, "memory is out");
        return json;
    } catch (const toml::parse_error &e) {
        *line = e.source ().begin.line;
        snprintf (error, error_size, "%.*s", (int)e.description ().size (),
                  e.description ().data ());
    } catch (const std::exception &e) {
        snprintf (error, error_size, "%s", e.what ());
    }
    return nullptr;
}
