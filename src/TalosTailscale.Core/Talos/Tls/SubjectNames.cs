using System.Net;
using System.Text;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.X509;

namespace TalosTailscale.Core.Talos;

/// <summary>The names that a server certificate holds (RFC 5280 §4.2.1.6), and whether one is the name that was dialled.</summary>
internal sealed class SubjectNames
{
    private readonly List<string> _dns = [];
    private readonly List<IPAddress> _addresses = [];

    private SubjectNames() { }

    /// <summary>Reads the subject alternative names. The common name never counts.</summary>
    internal static SubjectNames Of(X509Certificate certificate)
    {
        var names = new SubjectNames();
        Asn1OctetString? extension = certificate.GetExtensionValue(X509Extensions.SubjectAlternativeName);
        if (extension is null)
            return names;
        foreach (GeneralName name in GeneralNames.GetInstance(extension.GetOctets()).GetNames())
        {
            if (name.TagNo == GeneralName.DnsName)
                names._dns.Add(DerIA5String.GetInstance(name.Name).GetString());
            else if (
                name.TagNo == GeneralName.IPAddress
                && Asn1OctetString.GetInstance(name.Name).GetOctets() is { Length: 4 or 16 } bytes
            )
                names._addresses.Add(new IPAddress(bytes));
        }

        return names;
    }

    /// <summary>True if the certificate is for the host.</summary>
    internal bool Match(TalosEndpoint endpoint)
    {
        if (endpoint.Address is { } address)
            return _addresses.Exists(known => Same(known, address));
        return _dns.Exists(pattern => MatchName(pattern.AsSpan().TrimEnd('.'), endpoint.Host.AsSpan().TrimEnd('.')));
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (object name in _addresses.Cast<object>().Concat(_dns))
            text.Append(text.Length == 0 ? "'" : ", '").Append(name).Append('\'');
        return text.Length == 0 ? "no name" : text.ToString();
    }

    // Bytes only: an IPv4-mapped form is the same address, a zone is no part of a certificate.
    private static bool Same(IPAddress left, IPAddress right)
    {
        IPAddress a = left.IsIPv4MappedToIPv6 ? left.MapToIPv4() : left;
        IPAddress b = right.IsIPv4MappedToIPv6 ? right.MapToIPv4() : right;
        return a.GetAddressBytes().AsSpan().SequenceEqual(b.GetAddressBytes());
    }

    // RFC 6125 §6.4.3: a wildcard stands for the whole left-most label and nothing else.
    private static bool MatchName(ReadOnlySpan<char> pattern, ReadOnlySpan<char> host)
    {
        if (pattern.IsEmpty || host.IsEmpty)
            return false;
        if (!pattern.StartsWith("*.", StringComparison.Ordinal))
            return pattern.Equals(host, StringComparison.OrdinalIgnoreCase);
        int dot = host.IndexOf('.');
        ReadOnlySpan<char> suffix = pattern[1..];
        return dot > 0 && suffix[1..].Contains('.') && suffix.Equals(host[dot..], StringComparison.OrdinalIgnoreCase);
    }
}
