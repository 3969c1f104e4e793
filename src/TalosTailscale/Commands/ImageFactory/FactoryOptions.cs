using System.Net;
using TalosTailscale.Core.ImageFactory;

namespace TalosTailscale.Commands;

/// <summary>The options of the factory's client as parameters give them.</summary>
internal static class FactoryOptions
{
    private static readonly string[] s_schemes = ["http", "https", "socks4", "socks4a", "socks5"];

    /// <exception cref="TsException">FactoryUriInvalid for a scheme that no proxy has.</exception>
    public static ImageFactoryOptions With(Uri? proxy)
    {
        if (proxy is null)
            return new ImageFactoryOptions();
        return proxy.IsAbsoluteUri && s_schemes.Contains(proxy.Scheme, StringComparer.Ordinal)
            ? new ImageFactoryOptions { Proxy = new WebProxy(proxy) }
            : throw ImageFactoryErrors.FactoryUriInvalid.New(
                $"'{proxy}' cannot be used as a proxy; an address with {string.Join(", ", s_schemes)} was expected.",
                proxy,
                recommendedAction: "Give -Proxy an address such as http://proxy.example:3128."
            );
    }
}
