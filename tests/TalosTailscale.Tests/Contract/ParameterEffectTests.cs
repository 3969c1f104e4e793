using TalosTailscale.Tests.Engine;
using TalosTailscale.Tests.Terminal;

namespace TalosTailscale.Tests.Contract;

/// <summary>What parameters do that takes a server of its own to see.</summary>
public sealed class ParameterEffectTests
{
    [Fact]
    public void A_proxy_is_asked_in_the_place_of_the_factory()
    {
        using var proxy = new HostileHttp("HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n");
        using var session = PowerShellSession.Create();

        session
            .Invoke(
                "param($p) New-TalosSchematic -FactoryUri http://127.0.0.1:9/ -Proxy $p",
                ("p", new Uri(proxy.Address))
            )
            .AssertError("FactoryAccessDenied");
    }
}
