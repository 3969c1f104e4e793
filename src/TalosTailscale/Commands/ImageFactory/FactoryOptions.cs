using System.Net;
using TalosTailscale.Core.ImageFactory;

namespace TalosTailscale.Commands;

/// <summary>The options of the factory's client as parameters give them.</summary>
internal static class FactoryOptions
{
    public static ImageFactoryOptions With(Uri? proxy) =>
        proxy is null ? new ImageFactoryOptions() : new ImageFactoryOptions { Proxy = new WebProxy(proxy) };
}
