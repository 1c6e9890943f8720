/* A doubly linked list through its members: append, remove, look at the first. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct lp_node {
    struct lp_node *prev, *next; /* NULL: in no list */
} lp_node;

typedef struct lp_list {
    lp_node end; /* before the first and after the last */
} lp_list;

/* The struct that holds this node as its `field`. */
#define LP_OWNER(node, type, field) ((type *)((char *)(node)-offsetof(type, field)))

static inline void lp_list_init(lp_list *list)
{
    list->end.prev = list->end.next = &list->end;
}

static inline lp_node *lp_list_first(const lp_list *list)
{
    return list->end.next == &list->end ? NULL : list->end.next;
}

static inline void lp_list_append(lp_list *list, lp_node *node)
{
    node->prev = list->end.prev;
    node->next = &list->end;
    node->prev->next = node->next->prev = node;
}

static inline bool lp_node_is_listed(const lp_node *node)
{
    return node->next != NULL;
}

static inline void lp_node_remove(lp_node *node) /* in no list is fine */
{
    if (!lp_node_is_listed(node))
        return;
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->prev = node->next = NULL;
}
