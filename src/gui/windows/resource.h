/* Numbers that the program and its resource script share. */
#pragma once

#define LP_ICON 1
