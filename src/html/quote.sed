# SPDX-License-Identifier: Apache-2.0
# Every line becomes a string of C and a comma.
s/\\/\\\\/g
s/"/\\"/g
s/.*/"&\\n",/
