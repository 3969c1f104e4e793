using System.Security.Cryptography;
using System.Text;
using TalosTailscale.Lab.Pki;

namespace TalosTailscale.Lab.Nodes;

/// <summary>The secrets of one lab cluster, made up at run time, of the shapes that <c>talosctl gen secrets</c> makes.</summary>
/// <param name="talosKeys">The kind of key of Talos's own CA.</param>
internal sealed class LabSecrets(LabKeyAlgorithm talosKeys)
{
    internal LabAuthority TalosAuthority { get; } = LabAuthority.Create(talosKeys);

    internal LabAuthority KubernetesAuthority { get; } = LabAuthority.Create(LabKeyAlgorithm.EcdsaP256, "kubernetes");

    internal LabAuthority EtcdAuthority { get; } = LabAuthority.Create(LabKeyAlgorithm.EcdsaP256, "etcd");

    internal LabAuthority AggregatorAuthority { get; } = LabAuthority.Create(LabKeyAlgorithm.EcdsaP256, "front-proxy");

    internal string MachineToken { get; } = Token();

    internal string BootstrapToken { get; } = Token();

    internal string ClusterId { get; } =
        Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).Replace('+', '-').Replace('/', '_');

    internal string ClusterSecret { get; } = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    internal string SecretboxSecret { get; } = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    internal string ServiceAccountKey { get; } = NewEcKey();

    internal static string Base64(string pem) => Convert.ToBase64String(Encoding.ASCII.GetBytes(pem));

    private static string Token() =>
        $"{RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 6)}."
        + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 16);

    private static string NewEcKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Base64(key.ExportECPrivateKeyPem() + "\n");
    }
}
