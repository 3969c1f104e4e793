using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Tests.Tailnet;

/// <summary>What tailscaled's LocalAPI says of the tailnet.</summary>
public sealed class TailnetTests
{
    [Fact]
    public void What_Headscale_and_old_versions_leave_out_or_write_otherwise_is_read()
    {
        const string json = """
            {"BackendState":"Running","Self":{"HostName":"op","DNSName":"op.tail1.ts.net.","TailscaleIPs":["100.64.0.1"],"Online":true},
             "Peer":{"nodekey:1":{"ID":7,"HostName":"ampone","DNSName":"","TailscaleIPs":null,"Tags":null,"KeyExpiry":"0001-01-01T00:00:00Z"},
                     "nodekey:2":null}}
            """;

        var devices = TailscaleStatus.Parse(json).Devices;

        Assert.Equal(["op", "ampone"], devices.Select(device => device.Name));
        Assert.True(devices[0].IsSelf);
        Assert.Equal(("7", null, null), (devices[1].Id, devices[1].KeyExpires, devices[1].Online));
    }
}
