using TalosTailscale.Core.Inventory;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Inventory;

public sealed class DeviceInventoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void The_repository_holds_the_three_nodes_of_the_runbook()
    {
        var inventory = DeviceInventory.Load(Repository.Devices);

        Assert.Equal(
            [
                "altra 192.168.1.85 Arm64 UkiSwap",
                "ampone 192.168.1.203 Arm64 UkiSwap",
                "ryzen 192.168.1.194 Amd64 Upgrade",
            ],
            inventory.Nodes.Select(n => $"{n.Name} {n.Address} {n.Architecture} {n.Activation}")
        );
        Assert.Equal("talos-192-168-1-203", inventory.Find("ampone").KubernetesName);
        Assert.All(inventory.Nodes, n =>
            Assert.Equal(
                ["tailscale-dns.patch.yaml", "tailscale-system-extension.patch.yaml"],
                n.Manifests.Select(Path.GetFileName).Where(f => f != ManifestNames.Service)
            )
        );
    }

    [Theory]
    [InlineData("ampone")]
    [InlineData("AMPONE")]
    [InlineData("192.168.1.203")]
    [InlineData("talos-192-168-1-203")]
    public void A_node_is_found_by_name_address_and_Kubernetes_name(string text) =>
        Assert.Equal("ampone", DeviceInventory.Load(Repository.Devices).Find(text).Name);

    [Fact]
    public void An_unknown_node_lists_those_there_are()
    {
        var inventory = DeviceInventory.Load(Repository.Devices);

        var error = Assert.Throws<TsException>(() => inventory.Find("amptwo"));

        Assert.Equal("NodeNotFound", error.ErrorId);
        Assert.Contains("'amptwo'", error.Message, StringComparison.Ordinal);
        Assert.Contains("altra, ampone, ryzen", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_needs_no_inventory_but_a_name_does()
    {
        Assert.Equal("10.0.0.7", DeviceInventory.Resolve(new TsNodeReference("10.0.0.7"), null).Address);
        Assert.Equal(
            "NodeNotFound",
            Assert.Throws<TsException>(() => DeviceInventory.Resolve(new TsNodeReference("x"), null)).ErrorId
        );
    }

    [Fact]
    public void A_folder_without_a_node_file_is_no_node()
    {
        _folder.Write("nuc/k8s-api-lb/haproxy.cfg", "backend x");
        _folder.Write("one/node.yaml", "address: 10.0.0.1\n");

        var node = Assert.Single(DeviceInventory.Load(_folder.Path).Nodes);
        Assert.Equal("one", node.Name);
        Assert.Equal(TalosArchitecture.Unknown, node.Architecture);
        Assert.Equal(TsActivation.Auto, node.Activation);
    }

    [Fact]
    public void Manifests_come_in_the_order_in_which_they_are_applied()
    {
        _folder.Write("one/node.yaml", "address: 10.0.0.1\n");
        _folder.Write("one/manifests/tailscale-system-extension.patch.yaml", "");
        _folder.Write("one/manifests/tailscale-extension-service.yaml", "");
        _folder.Write("one/manifests/other.yaml", "");

        var node = DeviceInventory.Load(_folder.Path).Find("one");

        Assert.Equal(
            ["tailscale-extension-service.yaml", "tailscale-system-extension.patch.yaml"],
            node.Manifests.Select(Path.GetFileName)
        );
        Assert.All(node.Manifests, path => Assert.True(Path.IsPathFullyQualified(path)));
    }

    [Theory]
    [InlineData("address: 10.0.0.1\nadress: x\n", "NodeFileInvalid", "line 2, column 1")]
    [InlineData("architecture: arm64\n", "NodeFileInvalid", "'address'")]
    [InlineData("address: 10.0.0.1:50000\n", "NodeFileInvalid", "line 1, column 10")]
    [InlineData("address: 10.0.0.1\narchitecture: mips\n", "NodeFileInvalid", "amd64, arm64")]
    [InlineData("address: 10.0.0.1\nactivation: [a]\n", "NodeFileInvalid", "line 2, column 13")]
    [InlineData("address: 10.0.0.1\naddress: 10.0.0.2\n", "YamlMalformed", "line 2, column 1")]
    [InlineData("address: 'open\n", "YamlMalformed", "line 1, column 10")]
    [InlineData("- a\n", "YamlMalformed", "mapping")]
    [InlineData("address: &a 10.0.0.1\nname: *a\n", "YamlMalformed", "aliases")]
    [InlineData("address: 10.0.0.1\n---\naddress: 10.0.0.2\n", "YamlMalformed", "2 YAML documents")]
    [InlineData("", "YamlMalformed", "mapping")]
    public void A_bad_node_file_is_named_with_its_place(string yaml, string errorId, string fragment)
    {
        var path = _folder.Write("one/node.yaml", yaml);

        var error = Assert.Throws<TsException>(() => DeviceInventory.Load(_folder.Path));

        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(fragment, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_and_size_are_bounded()
    {
        _folder.Write("one/node.yaml", "address: " + new string('[', 5000));
        Assert.Equal("YamlMalformed", Assert.Throws<TsException>(() => DeviceInventory.Load(_folder.Path)).ErrorId);

        _folder.Write("one/node.yaml", "address: " + new string('a', 100_000));
        Assert.Contains(
            "at most 65536",
            Assert.Throws<TsException>(() => DeviceInventory.Load(_folder.Path)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Two_nodes_of_one_address_are_refused()
    {
        _folder.Write("one/node.yaml", "address: 10.0.0.1\n");
        _folder.Write("two/node.yaml", "address: 10.0.0.1\n");

        var error = Assert.Throws<TsException>(() => DeviceInventory.Load(_folder.Path));

        Assert.Equal("NodeDuplicate", error.ErrorId);
        Assert.Contains("'one' and 'two'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_nearest_devices_folder_upward_is_taken()
    {
        _folder.Write("devices/one/node.yaml", "address: 10.0.0.1\n");
        var below = Directory.CreateDirectory(Path.Combine(_folder.Path, "a", "b")).FullName;

        Assert.Equal(Path.Combine(_folder.Path, "devices"), DeviceInventory.Locate(null, null, below));
        Assert.Equal("/env", DeviceInventory.Locate(null, "/env", below));
        Assert.Equal("/given", DeviceInventory.Locate("/given", "/env", below));
    }

    public void Dispose() => _folder.Dispose();
}
