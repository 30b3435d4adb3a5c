/* SPDX-License-Identifier: Apache-2.0
 * policy_fake.h - policies for tests of the RIB: refuse, or set a MED, by the prefix's third octet.
 */
#ifndef POLICY_FAKE_H
#define POLICY_FAKE_H
#include "bgp_policy.h"
struct bgp_policy { _Atomic(uint32_t) refs; uint8_t deny_mod, deny_is; /* refuses when octet % deny_mod == deny_is */ uint32_t med; /* 0: leave */ };
#endif
