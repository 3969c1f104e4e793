using TalosTailscale.Lab;

namespace TalosTailscale.Tests.Shapes;

/// <summary>What matters, on clusters that are not the runbook's, two differences at a time.</summary>
public sealed class ShapeTests(ITestOutputHelper output)
{
    public static TheoryData<string> Sets => [.. ShapeSets.All.Select(set => string.Join('+', set))];

    [Fact]
    public void Every_two_shapes_that_go_together_are_together_in_a_set()
    {
        Assert.All(ShapeSets.Pairs(), pair =>
            Assert.Contains(ShapeSets.All, set => ShapeSets.Has(set, pair.One, pair.Row, pair.Other, pair.OtherRow))
        );
        Assert.All(LabShape.All, shape => Assert.Contains(ShapeSets.All, set => set.Contains(shape)));
    }

    [Theory, MemberData(nameof(Sets))]
    public async Task Every_operation_goes_as_it_should_on(string shapes)
    {
        IReadOnlyList<LabShape> set = LabShape.Parse(shapes);
        await using ShapePlace place = await ShapePlace.StartAsync(set);
        var wrong = new List<string>();
        foreach (ShapeOperation operation in ShapeOperation.All)
        {
            await operation.Before(place);
            if (place.HasWrongs && await IsDoneAsFoundAsync(place, operation))
                continue;
            place.Wait();
            await place.PutRightAsync();
            operation.Right(place);
            Judge(operation, found: false, operation.Outcome(place, out string said), said);
        }

        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));

        async Task<bool> IsDoneAsFoundAsync(ShapePlace place, ShapeOperation operation)
        {
            place.Wait();
            await place.FindAsync();
            string before = place.State();
            string? outcome = operation.Outcome(place, out string said);
            Judge(operation, found: true, outcome, said);
            if (outcome is not null && place.State() != before)
                wrong.Add($"{operation}: refused, and something changed");
            return outcome is null;
        }

        void Judge(ShapeOperation operation, bool found, string? outcome, string said)
        {
            IReadOnlyList<string> expected = ShapeExpectations.Of(operation, set, found);
            string[] names = outcome?.Split(' ') ?? [];
            bool asExpected = expected.Count == 0 ? outcome is null : names.Length > 0 && names.All(expected.Contains);
            output.WriteLine($"| {operation} | {(found ? "as found" : "put right")} | {outcome ?? "well"} |");
            if (!asExpected)
                wrong.Add(
                    $"{operation} ({(found ? "as found" : "put right")}): {outcome ?? "well"}, expected "
                        + $"{(expected.Count == 0 ? "well" : string.Join(" or ", expected))}: {said[..Math.Min(said.Length, 900)]}"
                );
        }
    }
}
