/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* As much XML as GraphML needs: elements, attributes and text, one after the other. No entities but
 * the five of XML, no DTD: <!...> and <?...> are skipped. */

#ifndef FLUX_GRAPH_IO_XML_H
#define FLUX_GRAPH_IO_XML_H

#include <flux/types.h>
#include <stddef.h>

enum { XML_MAX_ATTRS = 32, XML_MAX_TEXT = 4096, XML_MAX_NAME = 128 };

typedef enum {
    XML_END,   // of the document
    XML_OPEN,  // name and attributes; `empty` when it closes itself (no XML_CLOSE follows)
    XML_CLOSE, // name
    XML_TEXT,  // text with blanks at both ends cut off; never empty
    XML_ERROR,
} xml_event_t;

struct xml {
    const char *p, *end;
    size_t line;
    char name[XML_MAX_NAME]; // without its namespace prefix
    char text[XML_MAX_TEXT];
    struct {
        char name[XML_MAX_NAME];
        char value[XML_MAX_TEXT / 4];
    } attr[XML_MAX_ATTRS];
    size_t nattrs;
    int empty;
};

void xml_init (struct xml *x, const char *text, size_t len);
/* XML_ERROR: errp says what and in which line. */
xml_event_t xml_next (struct xml *x, flux_error_t *errp);
const char *xml_attr (const struct xml *x, const char *name); // NULL: it has none

#endif /* !FLUX_GRAPH_IO_XML_H */
