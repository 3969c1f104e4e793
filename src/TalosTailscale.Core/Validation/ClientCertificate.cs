using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Validation;

/// <summary>The life of the certificate with which this client reaches the nodes.</summary>
internal static class ClientCertificate
{
    /// <summary>When it ends; null when the context has none.</summary>
    public static DateTimeOffset? Ends(TalosConfigContext context)
    {
        var chain = TalosCredentials.Create(context).Chain;
        return chain.Count == 0 ? null : new DateTimeOffset(chain[0].NotAfter.ToUniversalTime(), TimeSpan.Zero);
    }
}
