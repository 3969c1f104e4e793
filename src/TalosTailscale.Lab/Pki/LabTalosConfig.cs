using System.Text;

namespace TalosTailscale.Lab.Pki;

/// <summary>Writes talosconfig texts.</summary>
public static class LabTalosConfig
{
    /// <summary>A talosconfig with one context.</summary>
    /// <param name="context">The context's name.</param>
    /// <param name="endpoints">Its endpoints.</param>
    /// <param name="nodes">Its default nodes; none leaves the key out.</param>
    /// <param name="authority">The CA that signs the server's certificate.</param>
    /// <param name="client">The client's certificate and key.</param>
    /// <returns>The YAML text.</returns>
    public static string Write(
        string context,
        IReadOnlyList<string> endpoints,
        IReadOnlyList<string> nodes,
        LabAuthority authority,
        LabCertificate client
    )
    {
        ArgumentNullException.ThrowIfNull(authority);
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(nodes);
        var text = new StringBuilder();
        text.Append("context: ").Append(context).Append('\n');
        text.Append("contexts:\n    ").Append(context).Append(":\n");
        AppendList(text, "endpoints", endpoints);
        if (nodes.Count > 0)
            AppendList(text, "nodes", nodes);
        text.Append("        ca: ").Append(Base64(authority.Certificate.CertificatePem)).Append('\n');
        text.Append("        crt: ").Append(Base64(client.CertificatePem)).Append('\n');
        text.Append("        key: ").Append(Base64(client.PrivateKeyPem)).Append('\n');
        return text.ToString();
    }

    private static void AppendList(StringBuilder text, string key, IReadOnlyList<string> values)
    {
        text.Append("        ").Append(key).Append(":\n");
        foreach (var value in values)
            text.Append("            - ").Append(value).Append('\n');
    }

    private static string Base64(string pem) => Convert.ToBase64String(Encoding.ASCII.GetBytes(pem));
}
