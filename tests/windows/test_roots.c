/* Windows keeps its roots in a store, not in files. */
#include "quic/verify.h"

#include "unit/quic_certs.h"

#include <windows.h>

#include <wincrypt.h>

static int verdict_of(X509 *cert)
{
    char verdict[LP_VERDICT_MAX];
    lp_verifier *verifier = NULL;
    lp_why why;
    lp_trust trust = {.system_roots = true, .server_name = "relay.example"};
    CHECK_EQ(lp_verifier_new(&trust, &verifier, &why), LP_OK);
    int code = lp_verify(verifier, cert, NULL, verdict);
    lp_verifier_free(verifier);
    return code;
}

/* A root that Windows has is no relay's certificate; but it is not a stranger's either. */
TEST(what_windows_trusts_is_known)
{
    HCERTSTORE roots = CertOpenSystemStoreA(0, "ROOT");
    PCCERT_CONTEXT first = CertEnumCertificatesInStore(roots, NULL);
    CHECK(first);
    const uint8_t *der = first ? first->pbCertEncoded : NULL;
    X509 *root = first ? d2i_X509(NULL, &der, (long)first->cbCertEncoded) : NULL;
    lp_credentials *stranger = issue("stranger", (issued){0}, NULL);
    CHECK(root && verdict_of(root) != X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
    CHECK_EQ(verdict_of(stranger->leaf), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
    lp_credentials_free(stranger);
    X509_free(root);
    CertFreeCertificateContext(first);
    CertCloseStore(roots, 0);
}
