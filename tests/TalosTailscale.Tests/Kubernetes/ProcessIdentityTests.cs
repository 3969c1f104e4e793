using System.Globalization;
using TalosTailscale.Core.Kubernetes;

namespace TalosTailscale.Tests.Kubernetes;

public class ProcessIdentityTests
{
    private const string Id = "0123456789abcdef0123456789abcdef";
    private const string OtherId = "0123456789abcdef0123456789abcdee";

    /// <summary>A process of this machine that has ended.</summary>
    internal static string Dead => With(2, int.MaxValue.ToString(CultureInfo.InvariantCulture));

    [Fact]
    public void A_process_that_lives_is_not_gone() => Assert.False(ProcessIdentity.IsGone(ProcessIdentity.Own));

    [Fact]
    public void A_process_that_has_ended_is_gone_and_so_is_one_whose_number_another_has_by_now()
    {
        Assert.True(ProcessIdentity.IsGone(Dead));
        Assert.True(ProcessIdentity.IsGone(WithStart(^1, "1")));
        Assert.True(ProcessIdentity.IsGone(Dead + "/0123"), "a lease's holder has a part more");
    }

    [Fact]
    public void What_cannot_be_known_is_not_gone()
    {
        Assert.False(ProcessIdentity.IsGone(null));
        Assert.False(ProcessIdentity.IsGone("somebody"));
        Assert.False(ProcessIdentity.IsGone(With(1, "elsewhere", Dead)));
        Assert.False(ProcessIdentity.IsGone(With(2, "a", Dead)));
    }

    [Fact]
    public void Another_container_of_the_machine_has_other_numbers_and_an_earlier_boot_has_no_process_left()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux has namespaces.");
        Assert.False(ProcessIdentity.IsGone(WithStart(1, "1", Dead)));
        Assert.True(ProcessIdentity.IsGone(WithStart(0, "00000000")));
        Assert.False(ProcessIdentity.IsGone(With(3, "12345", Dead)), "of an earlier version");
    }

    [Fact]
    public void Machines_of_one_name_are_told_apart()
    {
        Assert.NotEqual(
            ProcessIdentity.Machine("localhost", Id, "x"),
            ProcessIdentity.Machine("localhost", OtherId, "x")
        );
        Assert.Equal(ProcessIdentity.Machine("localhost", Id, "x"), ProcessIdentity.Machine("localhost", Id, "y"));
        // Images of containers have an empty one, or the word for "not yet".
        Assert.NotEqual(ProcessIdentity.Machine("localhost", "", "x"), ProcessIdentity.Machine("localhost", "", "y"));
        Assert.NotEqual(
            ProcessIdentity.Machine("localhost", "uninitialized", "x"),
            ProcessIdentity.Machine("localhost", "uninitialized", "y")
        );
        Assert.Equal("localhost", ProcessIdentity.Machine("localhost", "", ""));
        Assert.DoesNotContain(Id[..8], ProcessIdentity.Machine("localhost", Id, "x"), StringComparison.Ordinal);
    }

    private static string With(int part, string text, string? of = null)
    {
        var parts = (of ?? ProcessIdentity.Own).Split('/');
        parts[part] = text;
        return string.Join('/', parts);
    }

    private static string WithStart(Index part, string text, string? of = null)
    {
        var start = (of ?? ProcessIdentity.Own).Split('/')[3].Split('.');
        start[part] = text;
        return With(3, string.Join('.', start), of);
    }
}
